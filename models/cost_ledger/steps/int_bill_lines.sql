{{ config(materialized='view') }}

with

vendor_lines as (

    select * from {{ ref('stg_openai__charges') }}
    union all
    select * from {{ ref('stg_anthropic__charges') }}
    union all
    select * from {{ ref('stg_openrouter__charges') }}

),

sources_billed_elsewhere as (

    select source_name
    from {{ source('landing', 'sources') }}
    where billed_by <> '' and billed_by <> source_name

),

-- A vendor's cost report is its bill, unless the settings name another source as the bill: the same
-- money would stand twice.
own_vendor_lines as (

    select vendor_lines.*
    from vendor_lines
    left join sources_billed_elsewhere
        on vendor_lines.source_name = sources_billed_elsewhere.source_name
    where sources_billed_elsewhere.source_name is null

),

bill_lines as (

    select * from {{ ref('stg_focus__charges') }}
    union all
    select * from {{ ref('stg_cost_lines__charges') }}
    union all
    select * from {{ ref('stg_aws_cur__charges') }}
    union all
    select * from {{ ref('stg_azure_cost__charges') }}
    union all
    select * from {{ ref('stg_oci_cost__charges') }}
    union all
    select * from {{ ref('stg_gcp_billing__charges') }}
    union all
    select * from own_vendor_lines

),

-- Lines alike in every column are charges of their own; their number tells them apart, so that an
-- id follows from the content and outlives a new delivery of the same bill.
counted as (

    select
        *,
        row_number() over (
            partition by source_name, row_hash, adjustment
            order by source_file asc nulls last, source_row asc nulls last
        ) as occurrence
    from bill_lines

),

-- A closed month keeps its lines. What came later is booked in an open month as corrections of it:
-- what is new as it is, what is gone with its amounts reversed.
int_bill_lines as (

    select
        case
            when adjustment is null then {{ row_key(['source_name', 'row_hash', 'occurrence']) }}
            else {{ row_key(['source_name', 'row_hash', 'occurrence', 'adjustment']) }}
        end as charge_id,
        source_name,
        load_id,
        source_file,
        invoice_id,
        invoice_issuer_name,
        service_provider_name,
        host_provider_name,
        billing_account_id,
        sub_account_id,
        sub_account_name,
        region_id,
        resource_id,
        resource_name,
        service_name,
        service_category,
        sku_id,
        sku_price_id,
        sku_meter,
        model,
        charge_category,
        case when adjustment is null then charge_class else 'Correction' end as charge_class,
        charge_description,
        pricing_category,
        pricing_model,
        pricing_unit,
        consumed_unit,
        billing_currency,
        commitment_discount_id,
        commitment_discount_status,
        tags,
        ledger_category,
        'billed' as evidence_level,
        source_row,
        {{ adjusted('pricing_quantity') }} as pricing_quantity,
        {{ adjusted('consumed_quantity') }} as consumed_quantity,
        {{ adjusted('billed_cost') }} as billed_cost,
        {{ adjusted('effective_cost') }} as effective_cost,
        {{ adjusted('contracted_cost') }} as contracted_cost,
        {{ adjusted('list_cost') }} as list_cost,
        charge_period_start,
        charge_period_end,
        case when adjustment is null then billing_period_start else {{ day_start('booked_in') }} end
            as billing_period_start,
        case when adjustment is not null then {{ month_start(as_date('billing_period_start')) }} end
            as adjusts_period,
        {{ all_focus_columns(changed={
            'commitment_discount_quantity': adjusted('commitment_discount_quantity'),
            'pricing_currency_effective_cost': adjusted('pricing_currency_effective_cost'),
            'billing_period_end':
                'case when adjustment is null then billing_period_end else '
                ~ day_start(next_month_start('booked_in')) ~ ' end',
        }) }}
    from counted

)

select * from int_bill_lines
