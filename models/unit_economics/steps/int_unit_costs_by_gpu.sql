{% set entities = ['team', 'product', 'feature', 'customer', 'use_case'] %}

with

gpu_hours as (

    select
        node_id,
        {{ entities | join(',\n        ') }},
        coalesce(provisioned_gpu_hours, allocated_gpu_hours) as all_gpu_hours,
        coalesce(provisioned_gpu_hours - unallocated_gpu_hours, allocated_gpu_hours)
            as job_gpu_hours,
        usage_date
    from {{ ref('gpu_hours') }}

),

node_days as (

    select
        node_id,
        usage_date
    from gpu_hours
    where node_id is not null
    group by node_id, usage_date

),

charges as (

    select
        charge_id,
        resource_id,
        {{ service_date() }} as service_date
    from {{ ref('charges') }}
    where
        is_ai
        and resource_id is not null

),

cost_allocations as (

    select
        origin_id,
        {{ entities | join(',\n        ') }},
        cost,
        charge_date
    from {{ ref('cost_allocations') }}

),

-- The nodes' own charges, billed or modelled, as they were shared out: the cost of an hour adds up
-- to the ledger.
costs as (

    select
        {%- for entity in entities %}
        cost_allocations.{{ entity }},
        {%- endfor %}
        sum(cost_allocations.cost) as cost,
        count(*) as allocations,
        {{ count_if('cost_allocations.cost is null') }} as unknown_cost_allocations,
        {{ month_start('cost_allocations.charge_date') }} as period_start
    from cost_allocations
    inner join charges
        on cost_allocations.origin_id = charges.charge_id
    inner join node_days
        on
            charges.resource_id = node_days.node_id
            and charges.service_date = node_days.usage_date
    group by
        {%- for entity in entities %}
        cost_allocations.{{ entity }},
        {%- endfor %}
        {{ month_start('cost_allocations.charge_date') }}

),

units as (
    {% for entity in ['all'] + entities %}
    select
        '{{ entity }}' as entity_type,
        {{ "'all'" if entity == 'all' else entity }} as entity,
        sum({{ 'all_gpu_hours' if entity == 'all' else 'job_gpu_hours' }}) as units,
        {{ month_start('usage_date') }} as period_start
    from gpu_hours
    {{ 'where ' ~ entity ~ ' is not null' if entity != 'all' }}
    group by {{ entity ~ ', ' if entity != 'all' }}{{ month_start('usage_date') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

entity_costs as (
    {% for entity in ['all'] + entities %}
    select
        '{{ entity }}' as entity_type,
        {{ "'all'" if entity == 'all' else entity }} as entity,
        sum(cost) as cost,
        {{ sum_bigint('allocations') }} as allocations,
        {{ sum_bigint('unknown_cost_allocations') }} as unknown_cost_allocations,
        period_start
    from costs
    {{ 'where ' ~ entity ~ ' is not null' if entity != 'all' }}
    group by {{ entity ~ ', ' if entity != 'all' }}period_start
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

int_unit_costs_by_gpu as (

    select
        'cost_per_gpu_hour' as metric,
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
            units.entity_type = entity_costs.entity_type
            and units.entity = entity_costs.entity
            and units.period_start = entity_costs.period_start
    where
        units.entity_type = 'all'
        or entity_costs.entity is not null

)

select * from int_unit_costs_by_gpu
