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
        -- The split by lifetime may hold more than the total: the larger of the two counts then.
        greatest(
            coalesce(metadata_cache_write_tokens, 0)
            - coalesce(metadata_cache_write_5m_tokens, 0)
            - coalesce(metadata_cache_write_1h_tokens, 0),
            0
        ) as cache_write_other_tokens,
        coalesce(
            metadata_cache_write_tokens
            < coalesce(metadata_cache_write_5m_tokens, 0)
            + coalesce(metadata_cache_write_1h_tokens, 0),
            false
        ) as has_write_mismatch,
        coalesce(metadata_reasoning_tokens, 0) as reasoning_tokens,
        spend,
        startTime as started_at,
        endTime as ended_at
    from {{ source('landing', 'litellm_spend_logs') }}

),

checked as (

    select
        *,
        whole_input_tokens
        >= cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens
        + cache_write_other_tokens as is_input_consistent,
        whole_output_tokens >= reasoning_tokens as is_output_consistent
    from source

),

-- LiteLLM counts cache reads and writes inside prompt_tokens and thinking inside completion_tokens,
-- whatever the vendor does. Where the parts exceed the whole, the whole is kept and the parts are
-- not believed.
stg_litellm__requests as (

    select
        source_name,
        load_id,
        source_file,
        period,
        request_id,
        provider,
        model,
        -- The gateway answered from its own cache: the vendor was not called and bills nothing.
        case when is_gateway_cache_hit then 'gateway_cache' else vendor_tier end as service_tier,
        status,
        session_id,
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
        source_row,
        {{ disjoint_classes() }},
        spend as reported_cost,
        {{ is_failed_status('status') }} as is_failed,
        {{ json_tag('request_tags', 'retry_of') }} is not null as is_retry,
        is_input_consistent = false
        or is_output_consistent = false
        or has_write_mismatch as has_token_mismatch,
        started_at,
        ended_at,
        {{ as_date('started_at') }} as usage_date
    from checked

)

select * from stg_litellm__requests
