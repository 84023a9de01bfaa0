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
            partition by source_name, row_hash
            order by source_file asc nulls last, source_row asc nulls last
        ) as occurrence
    from bill_lines

),

int_bill_lines as (

    select
        {{ row_key(['source_name', 'row_hash', 'occurrence']) }} as charge_id,
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
        charge_class,
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
        pricing_quantity,
        consumed_quantity,
        billed_cost,
        effective_cost,
        contracted_cost,
        list_cost,
        charge_period_start,
        charge_period_end,
        billing_period_start,
        {{ all_focus_columns() }}
    from counted

)

select * from int_bill_lines
