{% set keys = allocation_keys() %}
{% set target_columns = ['targets.driver'] %}
{% for key in keys %}{% do target_columns.append('targets.' ~ key) %}{% endfor %}

with

usage_weights as (

    select
        pool_id,
        driver,
        {{ keys | join(',\n        ') }},
        weight
    from {{ ref('int_usage_weights') }}

),

targets as (

    select
        usage_weights.pool_id,
        case when {{ owner_keys('usage_weights') }} is null then 'unallocated' else 'usage' end
            as method_id,
        {{ text('null') }} as rule_id,
        usage_weights.driver,
        {%- for key in keys %}
        usage_weights.{{ key }},
        {%- endfor %}
        usage_weights.weight,
        cast(2 as {{ bigint_type() }}) as step
    from usage_weights

    union all

    select
        pool_id,
        method_id,
        rule_id,
        case method_id
            when 'proportional' then 'caused_cost'
            when 'fixed' then 'agreed_weight'
            else 'equal_parts'
        end as driver,
        {{ keys | join(',\n        ') }},
        weight,
        cast(3 as {{ bigint_type() }}) as step
    from {{ ref('int_rule_weights') }}

),

keyed as (

    select
        targets.*,
        {{ row_key(target_columns) }} as target_id,
        sum(targets.weight) over (partition by targets.pool_id) as pool_weight
    from targets

),

int_pool_targets as (

    select
        keyed.*,
        row_number() over (
            partition by keyed.pool_id
            order by keyed.weight desc nulls last, keyed.target_id asc nulls last
        ) = 1 as is_largest
    from keyed

)

select * from int_pool_targets
