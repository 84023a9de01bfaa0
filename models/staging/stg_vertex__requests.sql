{% set parts = [
    'cache_read',
    'cache_write_5m',
    'cache_write_1h',
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
        request_id,
        provider,
        model,
        case
            when lower(trafficType) like 'provisioned%' then 'provisioned'
            when lower(trafficType) like 'on_demand_%'
                then replace(lower(trafficType), 'on_demand_', '')
            else {{ standard_tier('trafficType') }}
        end as service_tier,
        -- projects/1/locations/us-central1/publishers/google/models/gemini-2.5-pro
        case
            when endpoint like '%locations/%'
                then regexp_replace(regexp_replace(endpoint, '^.*locations/', ''), '/.*$', '')
        end as geography,
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
        coalesce(prompt_audio_tokens, 0) + coalesce(toolUsePrompt_audio_tokens, 0)
        - coalesce(cache_audio_tokens, 0) as audio_input_tokens,
        coalesce(prompt_image_tokens, 0) + coalesce(toolUsePrompt_image_tokens, 0)
        - coalesce(cache_image_tokens, 0) as image_input_tokens,
        coalesce(cache_audio_tokens, 0) as audio_read_tokens,
        coalesce(candidates_audio_tokens, 0) as audio_output_tokens,
        coalesce(candidates_image_tokens, 0) as image_output_tokens,
        coalesce(usage_input_tokens, 0) as claude_input_tokens,
        coalesce(usage_cache_read_input_tokens, 0) as claude_read_tokens,
        coalesce(usage_output_tokens, 0) as claude_output_tokens,
        -- The split by lifetime may miss the total: the larger of the two counts then.
        greatest(
            coalesce(usage_cache_creation_input_tokens, 0),
            coalesce(usage_cache_creation_ephemeral_5m_input_tokens, 0)
            + coalesce(usage_cache_creation_ephemeral_1h_input_tokens, 0)
        ) as cache_write_tokens,
        coalesce(usage_cache_creation_ephemeral_5m_input_tokens, 0) as cache_write_5m_tokens,
        coalesce(usage_cache_creation_ephemeral_1h_input_tokens, 0) as cache_write_1h_tokens,
        {{ is_split_whole(
            'usage_cache_creation_input_tokens',
            [
                'usage_cache_creation_ephemeral_5m_input_tokens',
                'usage_cache_creation_ephemeral_1h_input_tokens',
            ],
        ) }} as is_write_consistent,
        -- Every request is logged where the rate is 1.
        nullif(sampling_rate, 1) as sampling_rate,
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
        end as whole_output_tokens,
        prompt_tokens >= cached_tokens as is_prompt_consistent
    from summed

),

checked as (

    select
        *,
        {{ token_checks(parts, believed='is_total_consistent and is_prompt_consistent') }}
    from whole

),

-- Gemini's prompt holds what the cache served; its candidates do not hold the thinking; its total
-- is prompt, tools' prompts, candidates and thinking. Claude's counts are disjoint as they come.
stg_vertex__requests as (

    select
        {{ request_columns(
            ['geography', 'sampling_rate'], parts, checks=['is_write_consistent']
        ) }}
    from checked

)

select * from stg_vertex__requests
