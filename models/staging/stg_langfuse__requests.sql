{% set parts = [
    'cache_read',
    'cache_write_5m',
    'cache_write_1h',
    'cache_write_other',
    'reasoning',
    'audio_input',
    'image_input',
    'audio_output',
] %}

with

source as (

    select
        {{ system_columns() }},
        id as request_id,
        -- An observation names no provider; the settings may.
        provider,
        provided_model_name as model,
        'standard' as service_tier,
        level as status,
        session_id,
        'USD' as currency,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        coalesce(usage_details_input, 0) as input_tokens,
        coalesce(usage_details_output, 0) as output_tokens,
        usage_details_total as stated_total_tokens,
        coalesce(
            usage_details_input_cached_tokens,
            usage_details_cache_read_input_tokens,
            usage_details_input_cache_read,
            0
        ) as cache_read_tokens,
        coalesce(
            usage_details_cache_creation_input_tokens, usage_details_input_cache_creation, 0
        ) as cache_write_other_tokens,
        coalesce(usage_details_input_cache_creation_5m, 0) as cache_write_5m_tokens,
        coalesce(usage_details_input_cache_creation_1h, 0) as cache_write_1h_tokens,
        coalesce(usage_details_output_reasoning_tokens, usage_details_output_reasoning, 0)
            as reasoning_tokens,
        coalesce(usage_details_input_audio_tokens, 0) as audio_input_tokens,
        coalesce(usage_details_input_image_tokens, 0) as image_input_tokens,
        coalesce(usage_details_output_audio_tokens, 0) as audio_output_tokens,
        total_cost as reported_cost,
        coalesce(upper(level) = 'ERROR', false) as is_failed,
        start_time as started_at,
        end_time as ended_at
    from {{ source('landing', 'langfuse_observations') }}
    -- Spans, agents and tools have no usage of their own: theirs is that of the generations.
    where upper(coalesce(type, 'GENERATION')) in ('GENERATION', 'EMBEDDING')

),

summed as (

    select
        *,
        cache_write_other_tokens + cache_write_5m_tokens + cache_write_1h_tokens
            as cache_write_tokens,
        input_tokens + cache_read_tokens + cache_write_other_tokens + cache_write_5m_tokens
        + cache_write_1h_tokens + audio_input_tokens + image_input_tokens as added_input_tokens,
        output_tokens + reasoning_tokens + audio_output_tokens as added_output_tokens
    from source

),

fitted as (

    select
        *,
        coalesce(stated_total_tokens = added_input_tokens + added_output_tokens, true)
            as are_parts_outside,
        coalesce(stated_total_tokens = input_tokens + output_tokens, false) as are_parts_inside,
        -- LiteLLM takes what it read from a cache out of the input, and leaves in what it wrote.
        coalesce(
            stated_total_tokens = added_input_tokens - cache_write_tokens + added_output_tokens,
            false
        ) as are_writes_inside
    from summed

),

whole as (

    select
        *,
        are_parts_outside or are_parts_inside or are_writes_inside as is_total_consistent,
        -- Keys are what the tracing code wrote: a count below zero is none.
        least(
            input_tokens,
            output_tokens,
            coalesce(stated_total_tokens, 0),
            audio_input_tokens + image_input_tokens,
            audio_output_tokens
        ) >= 0 as is_count,
        case
            when are_parts_outside then greatest(added_input_tokens, 0)
            when are_parts_inside then greatest(input_tokens, 0)
            when are_writes_inside then greatest(added_input_tokens - cache_write_tokens, 0)
            else greatest(stated_total_tokens - output_tokens, 0)
        end as whole_input_tokens,
        case
            when are_parts_outside then greatest(added_output_tokens, 0)
            when are_parts_inside then greatest(output_tokens, 0)
            when are_writes_inside then greatest(added_output_tokens, 0)
            else greatest(least(output_tokens, stated_total_tokens), 0)
        end as whole_output_tokens
    from fitted

),

checked as (

    select
        *,
        {{ token_checks(parts, believed='is_total_consistent and is_count') }}
    from whole

),

-- Langfuse adds up the keys of an observation, each a class of its own; tracing code that puts the
-- parts inside input and output is told by its total. A total that fits neither is kept whole.
stg_langfuse__requests as (

    select
        {{ request_columns(
            ['session_id', 'currency', 'reported_cost', 'ended_at'], parts, checks=['is_count']
        ) }}
    from checked

)

select * from stg_langfuse__requests
