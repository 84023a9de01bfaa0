with

cost_bases_daily as (

    select
        entity_type,
        entity,
        cost,
        allocations,
        unknown_cost_allocations,
        charge_date
    from {{ ref('int_cost_bases_daily') }}
    where
        basis = 'ai'
        and entity_type in ('feature', 'customer')

),

-- Each feature and each customer is one unit of its own in every month in which it caused cost.
entities as (

    select
        'cost_per_' || entity_type as metric,
        entity_type,
        entity,
        sum(cost) as cost,
        cast(1 as {{ money_type() }}) as units,
        {{ sum_bigint('allocations') }} as allocations,
        {{ sum_bigint('unknown_cost_allocations') }} as unknown_cost_allocations,
        {{ month_start('charge_date') }} as period_start
    from cost_bases_daily
    group by entity_type, entity, {{ month_start('charge_date') }}

),

int_unit_costs_by_key as (

    select
        metric,
        entity_type,
        entity,
        cost,
        cost as month_cost,
        units,
        allocations,
        unknown_cost_allocations,
        period_start
    from entities

    union all

    select
        metric,
        'all' as entity_type,
        'all' as entity,
        sum(cost) as cost,
        sum(cost) as month_cost,
        sum(units) as units,
        {{ sum_bigint('allocations') }} as allocations,
        {{ sum_bigint('unknown_cost_allocations') }} as unknown_cost_allocations,
        period_start
    from entities
    group by metric, period_start

)

select * from int_unit_costs_by_key
