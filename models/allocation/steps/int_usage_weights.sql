{% set keys = allocation_keys() %}

with

-- A vendor's reports bring usage and costs: they are their own bill unless the settings say whose.
sources as (

    select
        source_name,
        coalesce(
            nullif(billed_by, ''),
            case when dataset in {{ token_datasets('vendors') }} then source_name end
        ) as billed_by
    from {{ source('landing', 'sources') }}

),

account_owners as (

    select
        source_name,
        sub_account_id,
        {{ keys | join(',\n        ') }}
    from {{ ref('account_owners') }}
    where sub_account_id <> ''

),

usage_days as (

    select
        source_name,
        sub_account_id,
        {{ keys | join(',\n        ') }},
        model,
        rated_cost,
        total_tokens,
        case when rated_cost is null then 1 else 0 end as unpriced_rows,
        usage_date
    from {{ ref('token_usage_daily') }}
    -- A log says more of the same requests than the vendor's report does.
    where not is_in_request_log

),

token_usage as (

    select
        {%- for key in keys %}
        coalesce(usage_days.{{ key }}, account_owners.{{ key }}) as {{ key }},
        {%- endfor %}
        sources.billed_by as source_name,
        usage_days.model,
        usage_days.rated_cost,
        usage_days.total_tokens,
        usage_days.unpriced_rows,
        usage_days.usage_date
    from usage_days
    inner join sources
        on usage_days.source_name = sources.source_name
    left join account_owners
        on
            usage_days.source_name = account_owners.source_name
            and usage_days.sub_account_id = account_owners.sub_account_id
    where sources.billed_by is not null

),

splits as (

    select *
    from {{ ref('stg_aws_cur__splits') }}

),

charge_keys as (

    select *
    from {{ ref('int_charge_keys') }}

),

gpu_usage as (

    select
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        node_id,
        coalesce(provisioned_gpu_hours - unallocated_gpu_hours, allocated_gpu_hours)
            as job_gpu_hours,
        unallocated_gpu_hours,
        usage_date
    from {{ ref('gpu_hours') }}
    where node_id is not null

),

-- Weights of a pool have one unit: rated cost where all its usage has a price, else tokens.
token_targets as (
    {% for model in ['model', none] %}
    select
        {{ row_key(["'tokens'", 'source_name', text('usage_date'), model or 'null']) }} as pool_id,
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        {{ as_money('sum(rated_cost)') }} as rated_cost,
        {{ as_money('sum(total_tokens)') }} as tokens,
        sum(unpriced_rows) as unpriced_rows,
        usage_date
    from token_usage
    {{ 'where model is not null' if model }}
    group by source_name, {{ 'model, ' if model }}{{ keys | join(', ') }}, usage_date
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

token_drivers as (

    select
        pool_id,
        case
            when
                sum(unpriced_rows) over (partition by pool_id) = 0
                and sum(rated_cost) over (partition by pool_id) > 0
                then 'rated_cost'
            else 'tokens'
        end as driver,
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        rated_cost,
        tokens,
        usage_date
    from token_targets

),

-- What no job took weighs too: left out, the jobs would pay for it unseen.
gpu_targets as (

    select
        {{ row_key(["'gpu'", 'node_id', text('usage_date')]) }} as pool_id,
        'gpu_hours' as driver,
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        {{ as_money('sum(job_gpu_hours)') }} as weight,
        usage_date
    from gpu_usage
    group by node_id, {{ keys | join(', ') }}, usage_date

    union all

    select
        {{ row_key(["'gpu'", 'node_id', text('usage_date')]) }} as pool_id,
        'unallocated_gpu_hours' as driver,
        {%- for key in keys %}
        {{ text('null') }} as {{ key }},
        {%- endfor %}
        {{ as_money('sum(unallocated_gpu_hours)') }} as weight,
        usage_date
    from gpu_usage
    group by node_id, usage_date

),

-- What AWS says that a pod took of its instance, with the keys of the pod's tags.
split_usage as (

    select
        {%- for key in keys %}
        charge_keys.{{ key }},
        {%- endfor %}
        splits.source_name,
        splits.parent_resource_id,
        splits.split_cost,
        splits.unused_cost,
        splits.usage_date
    from splits
    left join charge_keys
        on
            splits.source_name = charge_keys.source_name
            and coalesce(splits.sub_account_id, '') = charge_keys.sub_account_id
            and coalesce(splits.tags, '') = charge_keys.tags
            and splits.usage_date = charge_keys.service_date

),

-- The instance's unused part is nobody's, as idle GPU hours are.
split_targets as (
    {% for driver in ['split_cost', 'unused_cost'] %}
    select
        {{ row_key(["'split'", 'source_name', 'parent_resource_id', text('usage_date')]) }}
            as pool_id,
        '{{ driver }}' as driver,
        {%- for key in keys %}
        {{ key if driver == 'split_cost' else text('null') }} as {{ key }},
        {%- endfor %}
        {{ as_money('sum(' ~ driver ~ ')') }} as weight,
        usage_date
    from split_usage
    group by
        source_name,
        parent_resource_id,
        {{ keys | join(', ') ~ ',' if driver == 'split_cost' }}
        usage_date
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

weighed as (

    select
        pool_id,
        driver,
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        case when driver = 'rated_cost' then rated_cost else tokens end as weight,
        usage_date
    from token_drivers

    union all

    select
        pool_id,
        driver,
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        weight,
        usage_date
    from gpu_targets

    union all

    select
        pool_id,
        driver,
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        weight,
        usage_date
    from split_targets

),

int_usage_weights as (

    select
        weighed.pool_id,
        weighed.driver,
        {{ completed_keys('weighed') }},
        weighed.weight,
        sum(weighed.weight) over (partition by weighed.pool_id) as pool_weight
    from weighed
    {{ completing_joins('weighed', 'weighed.usage_date') }}
    where weighed.weight > 0

)

select * from int_usage_weights
