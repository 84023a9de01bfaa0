{% set entities = ['team', 'product', 'feature', 'customer', 'use_case'] %}

with

token_usage as (

    select
        {{ entities | join(',\n        ') }},
        requests - coalesce(failed_requests, 0) as inferences,
        total_tokens,
        count(case when requests is null then 1 end) over (partition by usage_date)
            as uncounted_rows,
        usage_date
    from {{ ref('token_usage_daily') }}
    -- What a log counts is not counted again from the vendor's report.
    where not is_in_request_log

),

quantities as (

    select
        unit,
        entity_type,
        entity,
        quantity,
        unit_date
    from {{ ref('stg_units__quantities') }}

),

unit_metrics as (

    select
        unit,
        metric,
        cost_scope
    from {{ ref('unit_metrics') }}

),

usage_units as (
    {% for entity in ['all'] + entities %}
    {%- for metric, basis, units in [
        ('cost_per_inference', 'inference', as_money('sum(inferences)')),
        ('cost_per_1m_tokens', 'tokens', money_product('sum(total_tokens)', '0.000001')),
    ] %}
    select
        '{{ metric }}' as metric,
        '{{ basis }}' as basis,
        '{{ entity }}' as entity_type,
        {{ "'all'" if entity == 'all' else entity }} as entity,
        {{ units }} as units,
        usage_date as unit_date
    from token_usage
    where
        {{ entity ~ ' is not null' if entity != 'all' else 'true' }}
        -- A day of which some requests were never counted has no known number of them.
        {{ 'and uncounted_rows = 0' if basis == 'inference' }}
    group by {{ entity ~ ', ' if entity != 'all' }}usage_date
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

-- A unit landed for the whole and by entity too counts once: the whole as landed, else the sum of
-- one kind of entity.
wholes as (

    select
        unit,
        entity_type,
        sum(quantity) as quantity,
        row_number() over (
            partition by unit, unit_date
            order by
                case when entity_type = 'all' then 0 else 1 end asc nulls last,
                entity_type asc nulls last
        ) as whole_rank,
        unit_date
    from quantities
    group by unit, entity_type, unit_date

),

landed as (

    select
        unit,
        'all' as entity_type,
        'all' as entity,
        quantity,
        unit_date
    from wholes
    where whole_rank = 1

    union all

    select
        unit,
        entity_type,
        entity,
        quantity,
        unit_date
    from quantities
    where entity_type <> 'all'

),

landed_units as (

    select
        coalesce(unit_metrics.metric, 'cost_per_' || landed.unit) as metric,
        coalesce(unit_metrics.cost_scope, 'all') as basis,
        landed.entity_type,
        landed.entity,
        {{ as_money('sum(landed.quantity)') }} as units,
        landed.unit_date
    from landed
    left join unit_metrics
        on landed.unit = unit_metrics.unit
    where
        coalesce(unit_metrics.metric, 'cost_per_' || landed.unit)
        not in ('cost_per_inference', 'cost_per_1m_tokens')
    group by
        coalesce(unit_metrics.metric, 'cost_per_' || landed.unit),
        coalesce(unit_metrics.cost_scope, 'all'),
        landed.entity_type,
        landed.entity,
        landed.unit_date

),

int_units_daily as (

    select * from usage_units
    union all
    select * from landed_units

)

select * from int_units_daily
