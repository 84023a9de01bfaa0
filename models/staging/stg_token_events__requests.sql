{% set parts = [
    'cache_read',
    'cache_write_other',
    'reasoning',
    'audio_input',
    'image_input',
    'audio_read',
    'audio_output',
    'image_output',
] %}
{% set told = [
    'geography',
    'session_id',
    'currency',
    'unit',
    'quantity',
    'sampling_rate',
    'reported_cost',
    'is_retry',
    'ended_at',
] %}

with

source as (

    select
        {{ system_columns() }},
        request_id,
        provider,
        model,
        {{ standard_tier('service_tier') }} as service_tier,
        lower(geography) as geography,
        status,
        session_id,
        currency,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        -- Tokens are counted by the columns of their own.
        case when lower(unit) not in ('token', 'tokens') then lower(unit) end as unit,
        quantity as stated_quantity,
        coalesce(input_tokens, 0) as input_tokens,
        coalesce(output_tokens, 0) as output_tokens,
        coalesce(cached_input_tokens, 0) as cache_read_tokens,
        coalesce(cache_write_tokens, 0) as cache_write_other_tokens,
        coalesce(reasoning_tokens, 0) as reasoning_tokens,
        coalesce(input_audio_tokens, 0) - coalesce(cached_audio_tokens, 0) as audio_input_tokens,
        coalesce(input_image_tokens, 0) as image_input_tokens,
        coalesce(cached_audio_tokens, 0) as audio_read_tokens,
        coalesce(output_audio_tokens, 0) as audio_output_tokens,
        coalesce(output_image_tokens, 0) as image_output_tokens,
        nullif(sampling_rate, 1) as sampling_rate,
        cost as reported_cost,
        {{ is_failed_status('status') }} as is_failed,
        retry_of is not null as is_retry,
        coalesce(input_includes_cached, true) as input_includes_cached,
        coalesce(output_includes_reasoning, true) as output_includes_reasoning,
        started_at,
        ended_at
    from {{ source('landing', 'token_events') }}

),

-- Vendors differ in whether the input count holds the cached tokens and the output count the
-- thinking: from here on both do.
whole as (

    select
        *,
        case when unit is not null then stated_quantity end as quantity,
        case
            when input_includes_cached then input_tokens
            else input_tokens + cache_read_tokens + cache_write_other_tokens
        end as whole_input_tokens,
        case
            when output_includes_reasoning then output_tokens
            else output_tokens + reasoning_tokens
        end as whole_output_tokens
    from source

),

checked as (

    select
        *,
        {{ token_checks(parts) }}
    from whole

),

stg_token_events__requests as (

    select
        {{ request_columns(told, parts) }}
    from checked

)

select * from stg_token_events__requests
