{% set decimals = invoice_decimals() %}

with

charges as (

    select
        source_name,
        invoice_issuer_name,
        service_provider_name,
        host_provider_name,
        invoice_id,
        billing_currency,
        charge_category,
        evidence_level,
        billed_cost,
        effective_cost,
        cost,
        billed_cost_reporting,
        billing_period_start,
        charge_date
    from {{ ref('charges') }}

),

-- Why a charge's effective cost is another one than its billed cost; `none` where it is not.
explained as (

    select
        source_name,
        {{ bill_issuer() }} as issuer,
        invoice_id,
        billing_currency as currency,
        case
            when effective_cost is null then 'effective_cost_unknown'
            when evidence_level <> 'billed' then 'not_billed'
            when billed_cost is null then 'billed_cost_unknown'
            when effective_cost = billed_cost then 'none'
            when charge_category = 'Tax' then 'tax'
            when charge_category = 'Credit' then 'credit'
            when charge_category = 'Purchase' and effective_cost = 0 then 'upfront_purchase'
            when billed_cost = 0 then 'amortisation'
            else 'partly_covered'
        end as bridge,
        charge_category,
        evidence_level = 'billed' as is_billed,
        billed_cost,
        effective_cost,
        cost,
        billed_cost_reporting,
        {{ bill_month() }} as period_start
    from charges

),

int_bill_totals as (

    select
        source_name,
        issuer,
        invoice_id,
        currency,
        bridge,
        is_billed,
        sum(billed_cost) as billed_cost,
        sum(case when charge_category = 'Tax' then billed_cost end) as billed_tax,
        sum(case when charge_category = 'Credit' then billed_cost end) as billed_credit,
        sum(effective_cost) as effective_cost,
        sum(cost) as cost,
        sum(billed_cost_reporting) as billed_cost_reporting,
        count(*) as charges,
        {{ count_if('is_billed and billed_cost is distinct from 0') }} as paid_charges,
        {{ count_if('is_billed and billed_cost is null') }} as unknown_billed,
        {{ count_if('is_billed and billed_cost_reporting is null') }} as unknown_billed_reporting,
        {{ count_if('effective_cost is null') }} as unknown_effective,
        {{ count_if('effective_cost is not null and cost is null') }} as without_rate,
        {%- for places in decimals %}
        {{ count_if('is_billed and ' ~ finer_than('billed_cost', places)) }}
            as finer_than_{{ places }},
        {%- endfor %}
        period_start
    from explained
    group by source_name, issuer, invoice_id, currency, bridge, is_billed, period_start

)

select * from int_bill_totals
