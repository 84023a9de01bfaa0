{% set steps = [
    'int_unit_costs_by_day',
    'int_unit_costs_by_gpu',
    'int_unit_costs_by_key',
    'int_unit_costs_by_outcome',
    'int_unit_costs_by_model',
] %}
{# Only these tell how well their cost is known, and how it was split. #}
{% set with_evidence = ['int_unit_costs_by_model'] %}

with

unit_months as (
    {% for step in steps %}
    select
        metric,
        entity_type,
        entity,
        {{ 'evidence_level' if step in with_evidence else text('null') ~ ' as evidence_level' }},
        {{ 'split_method' if step in with_evidence else text('null') ~ ' as split_method' }},
        cost,
        month_cost,
        units,
        allocations,
        unknown_cost_allocations,
        {{ loop.index }} as step_rank,
        period_start
    from {{ ref(step) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

-- One name, one meaning: a unit that was counted stands before an outcome type of the same name.
ranked as (

    select
        unit_months.*,
        row_number() over (
            partition by
                unit_months.metric,
                unit_months.entity_type,
                unit_months.entity,
                unit_months.period_start
            order by unit_months.step_rank asc nulls last
        ) as metric_rank
    from unit_months

),

unit_costs as (

    select
        {{ row_key(['metric', 'entity_type', 'entity', 'period_start']) }} as unit_costs_id,
        metric,
        entity_type,
        entity,
        {{ reporting_currency() }} as currency,
        evidence_level,
        split_method,
        {{ as_money('cost') }} as cost,
        {{ as_money('units') }} as units,
        {{ divide('cost', 'case when units > 0 then units end') }} as unit_cost,
        coalesce(
            -- What is known to cost nothing is known whole.
            case when cost = 0 and month_cost = 0 then 1 else {{ divide('cost', 'month_cost') }} end
            * {{ divide('allocations - unknown_cost_allocations', 'allocations') }},
            0
        ) as completeness,
        period_start
    from ranked
    where metric_rank = 1

)

select * from unit_costs
