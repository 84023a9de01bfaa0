with

source as (

    select
        {{ system_columns() }},
        request_id,
        provider,
        model,
        case
            when lower(trafficType) like 'provisioned%' then 'provisioned'
            when lower(trafficType) like 'on_demand_%'
                then replace(lower(trafficType), 'on_demand_', '')
            else {{ standard_tier('trafficType') }}
        end as service_tier,
        error_code as status,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        coalesce(promptTokenCount, 0) as prompt_tokens,
        coalesce(toolUsePromptTokenCount, 0) as tool_tokens,
        coalesce(candidatesTokenCount, 0) as candidate_tokens,
        coalesce(thoughtsTokenCount, 0) as reasoning_tokens,
        coalesce(cachedContentTokenCount, 0) as cached_tokens,
        totalTokenCount as stated_total_tokens,
        coalesce(usage_input_tokens, 0) as claude_input_tokens,
        coalesce(usage_cache_read_input_tokens, 0) as claude_read_tokens,
        coalesce(usage_output_tokens, 0) as claude_output_tokens,
        -- The split by lifetime may hold more than the total: the larger of the two counts then.
        greatest(
            coalesce(usage_cache_creation_input_tokens, 0),
            coalesce(usage_cache_creation_ephemeral_5m_input_tokens, 0)
            + coalesce(usage_cache_creation_ephemeral_1h_input_tokens, 0)
        ) as cache_write_tokens,
        coalesce(usage_cache_creation_ephemeral_5m_input_tokens, 0) as cache_write_5m_tokens,
        coalesce(usage_cache_creation_ephemeral_1h_input_tokens, 0) as cache_write_1h_tokens,
        coalesce(
            usage_cache_creation_input_tokens
            >= coalesce(usage_cache_creation_ephemeral_5m_input_tokens, 0)
            + coalesce(usage_cache_creation_ephemeral_1h_input_tokens, 0),
            true
        ) as is_write_consistent,
        error_code is not null as is_failed,
        logging_time as started_at
    from {{ source('landing', 'vertex_usage') }}

),

summed as (

    select
        *,
        -- A record has the counts of Gemini or those of Claude.
        prompt_tokens + tool_tokens + claude_input_tokens + claude_read_tokens + cache_write_tokens
            as input_tokens,
        candidate_tokens + reasoning_tokens + claude_output_tokens as output_tokens,
        cached_tokens + claude_read_tokens as cache_read_tokens,
        cache_write_tokens - cache_write_5m_tokens - cache_write_1h_tokens
            as cache_write_other_tokens,
        coalesce(
            stated_total_tokens
            = prompt_tokens + tool_tokens + candidate_tokens + reasoning_tokens,
            true
        ) as is_total_consistent
    from source

),

checked as (

    select
        *,
        case
            when is_total_consistent then input_tokens
            else greatest(stated_total_tokens - output_tokens, 0)
        end as whole_input_tokens,
        case
            when is_total_consistent then output_tokens
            else least(output_tokens, stated_total_tokens)
        end as whole_output_tokens,
        is_total_consistent and prompt_tokens >= cached_tokens
            as is_input_consistent,
        is_total_consistent as is_output_consistent
    from summed

),

-- Gemini's prompt holds what the cache served; its candidates do not hold the thinking; its total
-- is prompt, tools' prompts, candidates and thinking. Claude's counts are disjoint as they come.
stg_vertex__requests as (

    select
        source_name,
        load_id,
        source_file,
        period,
        request_id,
        provider,
        model,
        service_tier,
        status,
        {{ text('null') }} as session_id,
        {{ text('null') }} as currency,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        source_row,
        {{ disjoint_classes() }},
        {{ as_money('null') }} as reported_cost,
        is_failed,
        false as is_retry,
        is_input_consistent = false
        or is_output_consistent = false
        or is_write_consistent = false as has_token_mismatch,
        started_at,
        cast(null as {{ timestamp_type() }}) as ended_at,
        {{ as_date('started_at') }} as usage_date
    from checked

)

select * from stg_vertex__requests
