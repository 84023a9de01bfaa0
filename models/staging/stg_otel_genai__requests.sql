{% set parts = [
    'cache_read',
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
        span_key as request_id,
        provider_name as provider,
        model,
        {{ standard_tier('service_tier') }} as service_tier,
        coalesce(error_type, status_code) as status,
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
        coalesce(input_tokens, 0) as input_tokens,
        coalesce(output_tokens, 0) as output_tokens,
        total_tokens as stated_total_tokens,
        coalesce(cache_read_input_tokens, 0) as cache_read_tokens,
        coalesce(cache_creation_input_tokens, 0) as cache_write_other_tokens,
        coalesce(reasoning_output_tokens, 0) as reasoning_tokens,
        coalesce(audio_input_tokens, 0) as audio_input_tokens,
        coalesce(image_input_tokens, 0) as image_input_tokens,
        coalesce(audio_output_tokens, 0) as audio_output_tokens,
        cost_amount as reported_cost,
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
        cache_read_tokens + cache_write_other_tokens as cached_tokens,
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

whole as (

    select
        *,
        coalesce(stated_total_tokens = all_input_tokens + all_output_tokens, true)
            as is_total_consistent,
        case
            when coalesce(stated_total_tokens = all_input_tokens + all_output_tokens, true)
                then all_input_tokens
            else greatest(stated_total_tokens - output_tokens, 0)
        end as whole_input_tokens,
        case
            when coalesce(stated_total_tokens = all_input_tokens + all_output_tokens, true)
                then all_output_tokens
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

-- Cached tokens should be inside the input and thinking inside the output; emitters differ. The
-- cloud region of a span is that of who called, which tells nothing of the model's.
stg_otel_genai__requests as (

    select
        {{ request_columns(['session_id', 'currency', 'reported_cost', 'ended_at'], parts) }}
    from checked

)

select * from stg_otel_genai__requests
