{% set parts = ['cache_read', 'reasoning', 'image_output'] %}

with

source as (

    select
        {{ system_columns() }},
        record_id as result_id,
        provider,
        model_permaslug as model,
        lower(data_region) as geography,
        workspace_id,
        api_key_name,
        user_id,
        -- With a key of one's own, the vendor behind it bills the tokens and OpenRouter its fee.
        case when is_byok then 'own_key' else {{ standard_tier('service_tier') }} end
            as service_tier,
        coalesce(native_tokens_prompt, tokens_prompt, 0) as whole_input_tokens,
        coalesce(native_tokens_completion, tokens_completion, 0) as whole_output_tokens,
        coalesce(
            case when native_tokens_prompt is null then tokens_cached end, native_tokens_cached, 0
        ) as cache_read_tokens,
        coalesce(
            case when native_tokens_completion is null then tokens_reasoning end,
            native_tokens_reasoning,
            0
        ) as reasoning_tokens,
        coalesce(native_tokens_completion_images, 0) as image_output_tokens,
        -- A day's row counts its requests, a generation's is one.
        case when bucket_start is null then 1 else requests end as requests,
        usage as reported_cost,
        currency,
        created_at as started_at,
        coalesce(bucket_end, created_at) as ended_at
    from {{ source('landing', 'openrouter_activity') }}

),

checked as (

    select
        *,
        {{ token_checks(parts) }}
    from source

),

-- The model's own tokens are what is billed; cached ones are inside the prompt, thinking inside the
-- completion.
stg_openrouter__activity as (

    select
        source_name,
        load_id,
        source_file,
        period,
        result_id,
        provider,
        model,
        service_tier,
        geography,
        {{ text('null') }} as unit,
        currency,
        workspace_id as sub_account_id,
        user_id as customer,
        api_key_name as workload,
        source_row,
        {{ disjoint_classes(parts) }},
        {{ as_money('null') }} as quantity,
        requests,
        reported_cost,
        {{ has_token_mismatch() }} as has_token_mismatch,
        started_at,
        ended_at,
        {{ as_date('started_at') }} as usage_date
    from checked

)

select * from stg_openrouter__activity
