with

source as (

    select
        {{ system_columns() }},
        requestId as request_id,
        provider,
        model,
        case
            when modelId like '%:provisioned-model/%' then 'provisioned'
            when performanceConfig_latency = 'optimized' then 'latency_optimized'
            else {{ standard_tier('serviceTier') }}
        end as service_tier,
        coalesce(errorCode, status) as status,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        coalesce(input_inputTokenCount, 0) as uncached_tokens,
        coalesce(input_cacheReadInputTokenCount, 0) as cache_read_tokens,
        -- The split by lifetime may hold more than the total: the larger of the two counts then.
        greatest(
            coalesce(input_cacheWriteInputTokenCount, 0),
            coalesce(usage_cacheWrite5mTokens, 0)
            + coalesce(usage_cacheWrite1hTokens, 0)
        ) as cache_write_tokens,
        coalesce(usage_cacheWrite5mTokens, 0) as cache_write_5m_tokens,
        coalesce(usage_cacheWrite1hTokens, 0) as cache_write_1h_tokens,
        coalesce(
            input_cacheWriteInputTokenCount
            >= coalesce(usage_cacheWrite5mTokens, 0)
            + coalesce(usage_cacheWrite1hTokens, 0),
            true
        ) as is_write_consistent,
        coalesce(output_outputTokenCount, 0) as output_tokens,
        usage_totalTokens as stated_total_tokens,
        cast(0 as {{ bigint_type() }}) as reasoning_tokens,
        errorCode is not null or {{ is_failed_status('status') }} as is_failed,
        {{ adapter.quote("timestamp") }} as started_at
    from {{ source('landing', 'bedrock_logs') }}

),

summed as (

    select
        *,
        uncached_tokens + cache_read_tokens + cache_write_tokens as input_tokens,
        cache_write_tokens - cache_write_5m_tokens - cache_write_1h_tokens
            as cache_write_other_tokens,
        coalesce(
            stated_total_tokens
            = uncached_tokens + cache_read_tokens + cache_write_tokens + output_tokens,
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
        is_total_consistent as is_input_consistent,
        true as is_output_consistent
    from summed

),

-- Bedrock's input count holds neither what was read from the cache nor what was written to it; its
-- total, where the answer states one, holds both. Thinking is inside the output.
stg_bedrock__requests as (

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

select * from stg_bedrock__requests
