{% set entities = ['team', 'product', 'feature', 'customer', 'use_case'] %}

with

outcomes as (

    select
        outcome_type,
        {{ entities | join(',\n        ') }},
        quantity,
        {{ month_start('outcome_date') }} as period_start
    from {{ ref('int_outcomes') }}

),

costs as (

    select
        {{ entities | join(',\n        ') }},
        sum(cost) as cost,
        {{ sum_bigint('allocations') }} as allocations,
        {{ sum_bigint('unknown_cost_allocations') }} as unknown_cost_allocations,
        {{ month_start('charge_date') }} as period_start
    from {{ ref('costs_daily') }}
    where is_ai
    group by {{ entities | join(', ') }}, {{ month_start('charge_date') }}

),

counted as (

    select
        'cost_per_' || outcome_type as metric,
        {{ entities | join(',\n        ') }},
        quantity,
        period_start
    from outcomes
    where outcome_type <> 'outcome'

    union all

    select
        'cost_per_outcome' as metric,
        {{ entities | join(',\n        ') }},
        quantity,
        period_start
    from outcomes

),

units as (
    {% for entity in ['all'] + entities %}
    select
        metric,
        '{{ entity }}' as entity_type,
        {{ "'all'" if entity == 'all' else entity }} as entity,
        sum(quantity) as units,
        period_start
    from counted
    {{ 'where ' ~ entity ~ ' is not null' if entity != 'all' }}
    group by metric, {{ entity ~ ', ' if entity != 'all' }}period_start
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

-- An outcome costs what its use case cost, the failed attempts with it; without a use case, what
-- all of AI cost.
linked as (

    select
        metric,
        use_case,
        period_start
    from counted
    group by metric, use_case, period_start

),

unlinked as (

    select
        metric,
        period_start
    from counted
    where use_case is null
    group by metric, period_start

),

linked_costs as (

    select
        linked.metric,
        costs.*
    from linked
    inner join costs
        on
            linked.period_start = costs.period_start
            and linked.use_case = costs.use_case
    left join unlinked
        on
            linked.metric = unlinked.metric
            and linked.period_start = unlinked.period_start
    where unlinked.metric is null

    union all

    select
        unlinked.metric,
        costs.*
    from unlinked
    inner join costs
        on unlinked.period_start = costs.period_start

),

entity_costs as (
    {% for entity in ['all'] + entities %}
    select
        metric,
        '{{ entity }}' as entity_type,
        {{ "'all'" if entity == 'all' else entity }} as entity,
        sum(cost) as cost,
        {{ sum_bigint('allocations') }} as allocations,
        {{ sum_bigint('unknown_cost_allocations') }} as unknown_cost_allocations,
        period_start
    from linked_costs
    {{ 'where ' ~ entity ~ ' is not null' if entity != 'all' }}
    group by metric, {{ entity ~ ', ' if entity != 'all' }}period_start
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

int_unit_costs_by_outcome as (

    select
        units.metric,
        units.entity_type,
        units.entity,
        entity_costs.cost,
        entity_costs.cost as month_cost,
        units.units,
        entity_costs.allocations,
        entity_costs.unknown_cost_allocations,
        units.period_start
    from units
    left join entity_costs
        on
            units.metric = entity_costs.metric
            and units.entity_type = entity_costs.entity_type
            and units.entity = entity_costs.entity
            and units.period_start = entity_costs.period_start
    where
        units.entity_type = 'all'
        or entity_costs.metric is not null

)

select * from int_unit_costs_by_outcome
