{% set parts = [
    'cache_read',
    'cache_write_5m',
    'cache_write_1h',
    'cache_write_other',
    'reasoning',
    'audio_input',
    'image_input',
    'audio_output',
    'image_output',
] %}
{% set told = [
    'session_id',
    'currency',
    'unit',
    'quantity',
    'reported_cost',
    'is_retry',
    'ended_at',
] %}

with

source as (

    select
        {{ system_columns() }},
        request_id,
        custom_llm_provider as provider,
        model,
        status,
        session_id,
        team_id,
        end_user,
        request_tags,
        lower(coalesce(cache_hit, '')) = 'true' as is_gateway_cache_hit,
        {{ standard_tier('metadata_service_tier') }} as vendor_tier,
        coalesce(prompt_tokens, 0) as whole_input_tokens,
        coalesce(completion_tokens, 0) as whole_output_tokens,
        coalesce(metadata_cache_read_tokens, 0) as cache_read_tokens,
        coalesce(metadata_cache_write_5m_tokens, 0) as cache_write_5m_tokens,
        coalesce(metadata_cache_write_1h_tokens, 0) as cache_write_1h_tokens,
        -- The split by lifetime may miss the total: the larger of the two counts then.
        greatest(
            coalesce(metadata_cache_write_tokens, 0)
            - coalesce(metadata_cache_write_5m_tokens, 0)
            - coalesce(metadata_cache_write_1h_tokens, 0),
            0
        ) as cache_write_other_tokens,
        {{ is_split_whole(
            'metadata_cache_write_tokens',
            ['metadata_cache_write_5m_tokens', 'metadata_cache_write_1h_tokens'],
        ) }} as is_write_consistent,
        coalesce(metadata_reasoning_tokens, 0) as reasoning_tokens,
        coalesce(metadata_audio_input_tokens, 0) as audio_input_tokens,
        coalesce(metadata_image_input_tokens, 0) as image_input_tokens,
        coalesce(metadata_audio_output_tokens, 0) as audio_output_tokens,
        coalesce(metadata_image_output_tokens, 0) as image_output_tokens,
        metadata_web_search_requests as web_searches,
        spend as reported_cost,
        {{ is_failed_status('status') }} as is_failed,
        startTime as started_at,
        endTime as ended_at
    from {{ source('landing', 'litellm_spend_logs') }}

),

checked as (

    select
        *,
        -- The gateway answered from its own cache: the vendor was not called and bills nothing.
        case when is_gateway_cache_hit then 'gateway_cache' else vendor_tier end as service_tier,
        'USD' as currency,
        {{ json_tag('request_tags', 'cost_center') }} as cost_center,
        coalesce({{ json_tag('request_tags', 'team') }}, team_id) as team,
        {{ json_tag('request_tags', 'product') }} as product,
        {{ json_tag('request_tags', 'feature') }} as feature,
        {{ json_tag('request_tags', 'use_case') }} as use_case,
        coalesce({{ json_tag('request_tags', 'customer') }}, end_user) as customer,
        coalesce(
            {{ json_tag('request_tags', 'environment') }}, {{ json_tag('request_tags', 'env') }}
        ) as environment,
        {{ json_tag('request_tags', 'workload') }} as workload,
        {{ json_tag('request_tags', 'retry_of') }} is not null as is_retry,
        case when web_searches > 0 then 'web_searches' end as unit,
        case when web_searches > 0 then {{ as_money('web_searches') }} end as quantity,
        {{ token_checks(parts) }}
    from source

),

-- LiteLLM counts cache reads and writes inside prompt_tokens and thinking inside completion_tokens,
-- whatever the vendor does.
stg_litellm__requests as (

    select
        {{ request_columns(told, parts, checks=['is_write_consistent']) }}
    from checked

)

select * from stg_litellm__requests
