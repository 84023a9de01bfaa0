{% set parts = [
    'cache_read',
    'cache_write_other',
    'reasoning',
    'audio_input',
    'image_input',
    'audio_read',
    'audio_output',
    'image_output',
] %}

with

source as (

    select
        {{ system_columns() }},
        coalesce(request_id, record_id) as request_id,
        provider,
        model,
        case
            when is_spillover then 'spillover'
            when is_provisioned then 'provisioned'
            when lower(deployment_type) like '%batch%' then 'batch'
            else {{ standard_tier('service_tier') }}
        end as service_tier,
        lower(deployment_type) as deployment_type,
        -- 'East US 2' and 'eastus2' are one region.
        replace(lower(location), ' ', '') as region,
        result_code as status,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        coalesce(prompt_tokens, total_tokens - completion_tokens, 0) as prompt_tokens,
        coalesce(completion_tokens, total_tokens - prompt_tokens, 0) as completion_tokens,
        total_tokens as stated_total_tokens,
        coalesce(cached_tokens, 0) as cache_read_tokens,
        coalesce(cache_write_tokens, 0) as cache_write_other_tokens,
        coalesce(reasoning_tokens, 0) as reasoning_tokens,
        coalesce(prompt_audio_tokens, 0) - coalesce(cached_audio_tokens, 0) as audio_input_tokens,
        coalesce(prompt_image_tokens, 0) as image_input_tokens,
        coalesce(cached_audio_tokens, 0) as audio_read_tokens,
        coalesce(completion_audio_tokens, 0) as audio_output_tokens,
        coalesce(completion_image_tokens, 0) as image_output_tokens,
        {{ is_failed_status('result_code') }} as is_failed,
        {{ adapter.quote("time") }} as started_at
    from {{ source('landing', 'azure_openai') }}
    -- One request may be logged by several categories: only records with counts are usage.
    where coalesce(prompt_tokens, completion_tokens, total_tokens) is not null

),

whole as (

    select
        *,
        -- Global deployments have one price, those of a data zone (there are two) one a zone, and
        -- regional ones one a region; a record need not say of which kind its deployment is.
        case
            when deployment_type like 'global%' then 'global'
            when
                deployment_type like 'datazone%'
                and regexp_replace(region, '[0-9]+$', '') like '%us'
                then 'us'
            when deployment_type like 'datazone%' and region is not null then 'eu'
            else region
        end as geography,
        coalesce(stated_total_tokens = prompt_tokens + completion_tokens, true)
            as is_total_consistent,
        case
            when coalesce(stated_total_tokens = prompt_tokens + completion_tokens, true)
                then prompt_tokens
            else greatest(stated_total_tokens - completion_tokens, 0)
        end as whole_input_tokens,
        case
            when coalesce(stated_total_tokens = prompt_tokens + completion_tokens, true)
                then completion_tokens
            else least(completion_tokens, stated_total_tokens)
        end as whole_output_tokens
    from source

),

checked as (

    select
        *,
        {{ token_checks(parts, believed='is_total_consistent') }}
    from whole

),

-- OpenAI's form: the prompt holds what caches served or stored, the completion holds the thinking,
-- the total is both.
stg_azure_openai__requests as (

    select
        {{ request_columns(['geography'], parts) }}
    from checked

)

select * from stg_azure_openai__requests
