{% set parts = ['cache_read', 'cache_write_5m', 'cache_write_1h', 'cache_write_other'] %}

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
        -- AWS bills the price of the region that was called, wherever a profile sends the request;
        -- the profile's own geography is in the model's name.
        lower(coalesce(region, inferenceRegion)) as geography,
        coalesce(errorCode, status) as status,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        case when output_outputVideoDurationSeconds > 0 then 'output_video_seconds' end as unit,
        nullif(output_outputVideoDurationSeconds, 0) as quantity,
        coalesce(input_inputTokenCount, 0) as uncached_tokens,
        coalesce(input_cacheReadInputTokenCount, 0) as cache_read_tokens,
        -- The split by lifetime may miss the total: the larger of the two counts then.
        greatest(
            coalesce(input_cacheWriteInputTokenCount, 0),
            coalesce(usage_cacheWrite5mTokens, 0)
            + coalesce(usage_cacheWrite1hTokens, 0)
        ) as cache_write_tokens,
        coalesce(usage_cacheWrite5mTokens, 0) as cache_write_5m_tokens,
        coalesce(usage_cacheWrite1hTokens, 0) as cache_write_1h_tokens,
        {{ is_split_whole(
            'input_cacheWriteInputTokenCount',
            ['usage_cacheWrite5mTokens', 'usage_cacheWrite1hTokens'],
        ) }} as is_write_consistent,
        coalesce(output_outputTokenCount, 0) as output_tokens,
        usage_totalTokens as stated_total_tokens,
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

whole as (

    select
        *,
        case
            when is_total_consistent then input_tokens
            else greatest(stated_total_tokens - output_tokens, 0)
        end as whole_input_tokens,
        case
            when is_total_consistent then output_tokens
            else least(output_tokens, stated_total_tokens)
        end as whole_output_tokens
    from summed

),

checked as (

    select
        *,
        {{ token_checks(parts, believed='is_total_consistent') }}
    from whole

),

-- Bedrock's input count holds neither what was read from the cache nor what was written to it; its
-- total, where the answer states one, holds both. Thinking is inside the output.
stg_bedrock__requests as (

    select
        {{ request_columns(
            ['geography', 'unit', 'quantity'], parts, checks=['is_write_consistent']
        ) }}
    from checked

)

select * from stg_bedrock__requests
