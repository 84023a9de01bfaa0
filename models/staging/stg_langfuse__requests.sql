with

source as (

    select
        {{ system_columns() }},
        id as request_id,
        -- An observation names no provider.
        {{ text('null') }} as provider,
        provided_model_name as model,
        'standard' as service_tier,
        level as status,
        session_id,
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
        coalesce(usage_details_input_audio_tokens, 0)
        + coalesce(usage_details_input_image_tokens, 0) as other_input_tokens,
        coalesce(usage_details_output_audio_tokens, 0) as other_output_tokens,
        total_cost,
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
        input_tokens + cache_read_tokens + cache_write_other_tokens + cache_write_5m_tokens
        + cache_write_1h_tokens + other_input_tokens as added_input_tokens,
        output_tokens + reasoning_tokens + other_output_tokens as added_output_tokens
    from source

),

fitted as (

    select
        *,
        coalesce(stated_total_tokens = added_input_tokens + added_output_tokens, true)
            as are_parts_outside,
        coalesce(stated_total_tokens = input_tokens + output_tokens, false) as are_parts_inside
    from summed

),

checked as (

    select
        *,
        case
            when are_parts_outside then added_input_tokens
            when are_parts_inside then input_tokens
            else greatest(stated_total_tokens - output_tokens, 0)
        end as whole_input_tokens,
        case
            when are_parts_outside then added_output_tokens
            when are_parts_inside then output_tokens
            else least(output_tokens, stated_total_tokens)
        end as whole_output_tokens,
        are_parts_outside
        or are_parts_inside
        and input_tokens >= added_input_tokens - input_tokens as is_input_consistent,
        are_parts_outside
        or are_parts_inside
        and output_tokens >= added_output_tokens - output_tokens as is_output_consistent
    from fitted

),

-- Langfuse adds up the keys of an observation, each a class of its own; tracing code that puts the
-- parts inside input and output is told by its total. A total that fits neither is kept whole.
stg_langfuse__requests as (

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
        source_row,
        {{ disjoint_classes() }},
        total_cost as reported_cost,
        is_failed,
        false as is_retry,
        is_input_consistent = false or is_output_consistent = false as has_token_mismatch,
        started_at,
        ended_at,
        {{ as_date('started_at') }} as usage_date
    from checked

)

select * from stg_langfuse__requests
