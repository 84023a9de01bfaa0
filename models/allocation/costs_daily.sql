{{
    config(
        partition_by=partition_by_day('charge_date'),
        cluster_by=cluster_by_columns(),
    )
}}

{% set keys = allocation_keys() %}
{% set dimensions = keys + ['value_class', 'ledger_category', 'lifecycle', 'provider', 'model'] %}

with

cost_allocations as (

    select
        {{ keys | join(',\n        ') }},
        ledger_category,
        lifecycle,
        provider,
        model,
        cost,
        billed_cost,
        list_cost,
        is_ai,
        charge_date
    from {{ ref('cost_allocations') }}

),

workloads as (

    select
        workload,
        value_class
    from {{ ref('workloads') }}

),

classified as (

    select
        cost_allocations.*,
        workloads.value_class
    from cost_allocations
    left join workloads
        on cost_allocations.workload = workloads.workload

),

-- A sum of nothing known is null; next to a known one the unknown ones are counted.
summed as (

    select
        {{ dimensions | join(',\n        ') }},
        sum(cost) as cost,
        sum(billed_cost) as billed_cost,
        sum(list_cost) as list_cost,
        cast(count(*) as {{ bigint_type() }}) as allocations,
        {{ count_if('cost is null') }} as unknown_cost_allocations,
        is_ai,
        charge_date
    from classified
    group by {{ dimensions | join(', ') }}, is_ai, charge_date

),

costs_daily as (

    select
        {{ row_key(dimensions + ["case when is_ai then 'ai' else 'other' end", 'charge_date']) }}
            as costs_daily_id,
        {{ dimensions | join(',\n        ') }},
        {{ as_money('cost') }} as cost,
        {{ as_money('billed_cost') }} as billed_cost,
        {{ as_money('list_cost') }} as list_cost,
        allocations,
        unknown_cost_allocations,
        is_ai,
        charge_date
    from summed

)

select * from costs_daily
