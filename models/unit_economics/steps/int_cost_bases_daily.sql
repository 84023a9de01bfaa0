{% set entities = ['team', 'product', 'feature', 'customer', 'use_case'] %}

with

costs_daily as (

    select
        {{ entities | join(',\n        ') }},
        lifecycle,
        cost,
        allocations,
        unknown_cost_allocations,
        is_ai,
        charge_date
    from {{ ref('costs_daily') }}

),

-- What a unit's cost is counted from: everything, the AI part, or the part that answers requests.
bases as (
    {% for basis, condition in [
        ('all', 'true'),
        ('ai', 'is_ai'),
        ('inference', "is_ai and lifecycle = 'inference'"),
        ('tokens', "is_ai and lifecycle in ('inference', 'embedding')"),
    ] %}
    select
        '{{ basis }}' as basis,
        {{ entities | join(',\n        ') }},
        sum(cost) as cost,
        {{ sum_bigint('allocations') }} as allocations,
        {{ sum_bigint('unknown_cost_allocations') }} as unknown_cost_allocations,
        charge_date
    from costs_daily
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
        {{ sum_bigint('allocations') }} as allocations,
        {{ sum_bigint('unknown_cost_allocations') }} as unknown_cost_allocations,
        charge_date
    from bases
    where {{ entity }} is not null
    group by basis, {{ entity }}, charge_date
    {% endfor %}
)

select * from int_cost_bases_daily
