with

source as (

    select
        {{ system_columns() }},
        span_key as request_id,
        provider_name as provider,
        model,
        {{ standard_tier('service_tier') }} as service_tier,
        coalesce(error_type, status_code) as status,
        conversation_id,
        cost_currency,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        coalesce(input_tokens, 0) as input_tokens,
        coalesce(output_tokens, 0) as output_tokens,
        total_tokens as stated_total_tokens,
        coalesce(cache_read_input_tokens, 0) as cache_read_tokens,
        coalesce(cache_creation_input_tokens, 0) as cache_write_tokens,
        cast(0 as {{ bigint_type() }}) as cache_write_5m_tokens,
        cast(0 as {{ bigint_type() }}) as cache_write_1h_tokens,
        coalesce(reasoning_output_tokens, 0) as reasoning_tokens,
        cost_amount,
        error_type is not null
        or coalesce(lower(status_code) in ('2', 'status_code_error', 'error'), false) as is_failed,
        start_time as started_at,
        end_time as ended_at
    from {{ source('landing', 'otel_genai') }}
    -- Spans of agents and workflows repeat the usage of the calls below them.
    where is_leaf and has_usage

),

gaps as (

    select
        *,
        cache_read_tokens + cache_write_tokens as cached_tokens,
        stated_total_tokens - input_tokens - output_tokens as missing_tokens
    from source

),

-- Which parts a stated total needs beside input and output tells where the emitter put them;
-- without a total, only a cache that is larger than the input does.
fitted as (

    select
        *,
        case
            when missing_tokens is null then cached_tokens > input_tokens
            when missing_tokens = 0 then false
            else missing_tokens in (cached_tokens, cached_tokens + reasoning_tokens)
        end as is_cache_outside,
        case
            when coalesce(missing_tokens, 0) = 0 then false
            else missing_tokens in (reasoning_tokens, cached_tokens + reasoning_tokens)
        end as is_reasoning_outside
    from gaps

),

summed as (

    select
        *,
        case when is_cache_outside then input_tokens + cached_tokens else input_tokens end
            as all_input_tokens,
        case when is_reasoning_outside then output_tokens + reasoning_tokens else output_tokens end
            as all_output_tokens
    from fitted

),

checked as (

    select
        *,
        cache_write_tokens - cache_write_5m_tokens - cache_write_1h_tokens
            as cache_write_other_tokens,
        case
            when coalesce(stated_total_tokens = all_input_tokens + all_output_tokens, true)
                then all_input_tokens
            else greatest(stated_total_tokens - output_tokens, 0)
        end as whole_input_tokens,
        case
            when coalesce(stated_total_tokens = all_input_tokens + all_output_tokens, true)
                then all_output_tokens
            else least(output_tokens, stated_total_tokens)
        end as whole_output_tokens,
        coalesce(stated_total_tokens = all_input_tokens + all_output_tokens, true)
        and all_input_tokens >= cached_tokens as is_input_consistent,
        coalesce(stated_total_tokens = all_input_tokens + all_output_tokens, true)
        and all_output_tokens >= reasoning_tokens as is_output_consistent
    from summed

),

-- Cached tokens should be inside the input and thinking inside the output; emitters differ.
stg_otel_genai__requests as (

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
        conversation_id as session_id,
        cost_currency as currency,
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
        cost_amount as reported_cost,
        is_failed,
        false as is_retry,
        is_input_consistent = false or is_output_consistent = false as has_token_mismatch,
        started_at,
        ended_at,
        {{ as_date('started_at') }} as usage_date
    from checked

)

select * from stg_otel_genai__requests
