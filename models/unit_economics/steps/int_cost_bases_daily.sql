{% set entities = ['team', 'product', 'feature', 'customer', 'use_case'] %}

with

costs_daily as (

    select
        {{ entities | join(',\n        ') }},
        workload,
        ledger_category,
        lifecycle,
        cost,
        allocations,
        unknown_cost_allocations,
        is_ai,
        charge_date
    from {{ ref('costs_daily') }}

),

served_workload_days as (

    select
        workload,
        usage_date
    from {{ ref('int_served_workload_days') }}

),

costed as (

    select
        costs_daily.*,
        {{ is_usage_counted('costs_daily', 'served_workload_days') }} as is_usage_counted
    from costs_daily
    left join served_workload_days
        on
            costs_daily.workload = served_workload_days.workload
            and costs_daily.charge_date = served_workload_days.usage_date

),

-- What a unit's cost is counted from: everything, the AI part, or the part that answers requests.
bases as (
    {% for basis, condition, counted in [
        ('all', 'true', 'true'),
        ('ai', 'is_ai', 'true'),
        ('inference', "is_ai and lifecycle = 'inference'", 'is_usage_counted'),
        ('tokens', "is_ai and lifecycle in ('inference', 'embedding')", 'is_usage_counted'),
    ] %}
    select
        '{{ basis }}' as basis,
        {{ entities | join(',\n        ') }},
        sum(cost) as cost,
        sum(case when {{ counted }} then cost end) as counted_cost,
        {{ sum_bigint('allocations') }} as allocations,
        {{ sum_bigint('unknown_cost_allocations') }} as unknown_cost_allocations,
        charge_date
    from costed
    where {{ condition }}
    group by {{ entities | join(', ') }}, charge_date
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

int_cost_bases_daily as (

    select
        basis,
        'all' as entity_type,
        'all' as entity,
        {{ as_money('sum(cost)') }} as cost,
        {{ as_money('sum(counted_cost)') }} as counted_cost,
        {{ sum_bigint('allocations') }} as allocations,
        {{ sum_bigint('unknown_cost_allocations') }} as unknown_cost_allocations,
        charge_date
    from bases
    group by basis, charge_date
    {% for entity in entities %}
    union all

    select
        basis,
        '{{ entity }}' as entity_type,
        {{ entity }} as entity,
        {{ as_money('sum(cost)') }} as cost,
        {{ as_money('sum(counted_cost)') }} as counted_cost,
        {{ sum_bigint('allocations') }} as allocations,
        {{ sum_bigint('unknown_cost_allocations') }} as unknown_cost_allocations,
        charge_date
    from bases
    where {{ entity }} is not null
    group by basis, {{ entity }}, charge_date
    {% endfor %}
)

select * from int_cost_bases_daily
