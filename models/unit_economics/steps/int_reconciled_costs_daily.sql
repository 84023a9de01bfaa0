{{ config(access='protected') }}

with

cost_allocations as (

    select
        origin_id,
        workload,
        ledger_category,
        is_ai,
        lifecycle,
        sum(cost) as cost,
        charge_date
    from {{ ref('cost_allocations') }}
    group by origin_id, workload, ledger_category, is_ai, lifecycle, charge_date

),

charges as (

    select
        charge_id,
        {{ bill_issuer() }} as issuer,
        billing_currency as currency,
        {{ bill_month() }} as period_start
    from {{ ref('charges') }}

),

served_workload_days as (

    select
        workload,
        usage_date
    from {{ ref('int_served_workload_days') }}

),

units_daily as (

    select
        metric,
        basis,
        unit_date
    from {{ ref('int_units_daily') }}

),

-- The cost of a day is a numerator where some unit that is counted from it was counted.
counted_days as (

    select
        unit_date,
        max(case when basis = 'all' then 1 else 0 end) = 1 as counts_all,
        max(case when basis = 'ai' then 1 else 0 end) = 1 as counts_ai,
        max(case when metric = 'cost_per_1m_tokens' then 1 else 0 end) = 1 as counts_tokens,
        max(case when metric = 'cost_per_inference' then 1 else 0 end) = 1 as counts_requests,
        max(case when basis = 'inference' and metric <> 'cost_per_inference' then 1 else 0 end) = 1
            as counts_inference
    from units_daily
    group by unit_date

),

classified as (

    select
        charges.issuer,
        charges.currency,
        cost_allocations.cost,
        cost_allocations.is_ai,
        cost_allocations.is_ai and cost_allocations.lifecycle = 'inference' as is_inference,
        coalesce(
            counted_days.counts_all
            or cost_allocations.is_ai and counted_days.counts_ai
            or cost_allocations.is_ai
            and cost_allocations.lifecycle = 'inference'
            and counted_days.counts_inference
            or cost_allocations.is_ai
            and {{ is_usage_counted('cost_allocations', 'served_workload_days') }}
            and (
                cost_allocations.lifecycle = 'inference'
                and counted_days.counts_requests
                or cost_allocations.lifecycle in ('inference', 'embedding')
                and counted_days.counts_tokens
            ),
            false
        ) as is_in_unit_costs,
        charges.period_start,
        cost_allocations.charge_date
    from cost_allocations
    inner join charges
        on cost_allocations.origin_id = charges.charge_id
    left join counted_days
        on cost_allocations.charge_date = counted_days.unit_date
    left join served_workload_days
        on
            cost_allocations.workload = served_workload_days.workload
            and cost_allocations.charge_date = served_workload_days.usage_date

),

int_reconciled_costs_daily as (

    select
        issuer,
        currency,
        sum(cost) as cost,
        is_ai,
        is_inference,
        is_in_unit_costs,
        period_start,
        charge_date
    from classified
    group by
        issuer, currency, is_ai, is_inference, is_in_unit_costs, period_start, charge_date

)

select * from int_reconciled_costs_daily
