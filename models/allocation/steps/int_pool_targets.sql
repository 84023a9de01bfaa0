{% set keys = allocation_keys() %}

with

targets as (

    select
        pool_id,
        case when {{ owner_keys('usage_weights') }} is null then 'unallocated' else 'usage' end
            as method_id,
        cast(null as {{ string_type() }}) as rule_id,
        driver,
        {{ keys | join(',\n        ') }},
        weight,
        2 as step
    from {{ ref('int_usage_weights') }} as usage_weights

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
        3 as step
    from {{ ref('int_rule_weights') }}

),

keyed as (

    select
        targets.*,
        {{ row_key(['driver'] + keys) }} as target_id,
        sum(weight) over (partition by pool_id) as pool_weight
    from targets

),

int_pool_targets as (

    select
        keyed.*,
        row_number() over (
            partition by pool_id
            order by weight desc nulls last, target_id asc nulls last
        ) = 1 as is_largest
    from keyed

)

select * from int_pool_targets
