{% set keys = allocation_keys() %}

with

routes as (

    select
        origin_id,
        {{ keys | join(',\n        ') }},
        rule_id,
        route,
        pool_id,
        cost,
        is_ai,
        service_date,
        charge_date
    from {{ ref('int_charge_routes') }}

),

rules as (

    select
        rule_id,
        method,
        target_key,
        target_value,
        {{ as_money('weight') }} as weight,
        valid_from,
        valid_to
    from {{ ref('allocation_rules') }}

),

usage_weights as (

    select
        pool_id,
        {{ keys | join(',\n        ') }},
        weight,
        pool_weight
    from {{ ref('int_usage_weights') }}

),

pool_costs as (

    select
        pool_id,
        sum(cost) as cost,
        is_ai,
        service_date
    from routes
    where route = 'usage' and charge_date = service_date
    group by pool_id, is_ai, service_date

),

-- What the steps before have given to whom: the basis of a proportional rule. Corrections that came
-- after a month was closed do not move it.
caused_costs as (

    select
        {{ keys | join(',\n        ') }},
        sum(cost) as cost,
        is_ai,
        service_date
    from routes
    where route = 'direct' and charge_date = service_date
    group by {{ keys | join(', ') }}, is_ai, service_date

    union all

    select
        {%- for key in keys %}
        usage_weights.{{ key }},
        {%- endfor %}
        {{ money_share('pool_costs.cost', 'usage_weights.weight', 'usage_weights.pool_weight') }}
            as cost,
        pool_costs.is_ai,
        pool_costs.service_date
    from pool_costs
    inner join usage_weights
        on pool_costs.pool_id = usage_weights.pool_id

),

bases as (
    {% for key in keys %}
    select
        'ai' as basis,
        '{{ key }}' as target_key,
        {{ key }} as target_value,
        sum(cost) as cost,
        service_date
    from caused_costs
    where {{ key }} is not null and is_ai
    group by {{ key }}, service_date

    union all

    select
        'all' as basis,
        '{{ key }}' as target_key,
        {{ key }} as target_value,
        sum(cost) as cost,
        service_date
    from caused_costs
    where {{ key }} is not null
    group by {{ key }}, service_date
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

pools as (

    select
        pool_id,
        rule_id,
        case when is_ai then 'ai' else 'all' end as basis,
        service_date
    from routes
    where route = 'rule'
    group by pool_id, rule_id, is_ai, service_date

),

-- A rule without a target value goes to everyone who bears cost under its key on that day. Two
-- joins, since one with an `or` would join every row with every row.
targets as (
    {% for join, condition, target_value in [
        ('left', 'rules.target_value = bases.target_value', 'rules.target_value'),
        ('inner', 'rules.target_value is null', 'bases.target_value'),
    ] %}
    select
        pools.pool_id,
        pools.rule_id,
        rules.method as method_id,
        rules.target_key,
        {{ target_value }} as target_value,
        case rules.method
            when 'proportional' then bases.cost
            when 'fixed' then rules.weight
            else {{ as_money('1') }}
        end as weight,
        pools.service_date
    from pools
    inner join rules
        on
            pools.rule_id = rules.rule_id
            and {{ valid_on('pools.service_date', 'rules') }}
    {{ join }} join bases
        on
            pools.basis = bases.basis
            and pools.service_date = bases.service_date
            and rules.target_key = bases.target_key
            and {{ condition }}
    where {{ target_value }} is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

weighed as (

    select
        pool_id,
        rule_id,
        method_id,
        {%- for key in keys %}
        case when target_key = '{{ key }}' then target_value end as {{ key }},
        {%- endfor %}
        weight,
        service_date
    from targets
    where weight > 0

),

int_rule_weights as (

    select
        weighed.pool_id,
        weighed.rule_id,
        weighed.method_id,
        {{ completed_keys('weighed') }},
        weighed.weight
    from weighed
    {{ completing_joins('weighed', 'weighed.service_date') }}

)

select * from int_rule_weights
