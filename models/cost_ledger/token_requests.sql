{{ config(materialized='view') }}

{% set logs = [
    'stg_litellm__requests',
    'stg_token_events__requests',
    'stg_bedrock__requests',
    'stg_vertex__requests',
    'stg_azure_openai__requests',
    'stg_otel_genai__requests',
    'stg_langfuse__requests',
] %}

with

token_requests as (
    {% for log in logs %}
    select
        source_name,
        load_id,
        source_file,
        period,
        request_id,
        provider,
        model,
        service_tier,
        geography,
        status,
        session_id,
        unit,
        currency,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        source_row,
        context_tokens,
        input_uncached_tokens,
        input_cache_read_tokens,
        input_cache_write_5m_tokens,
        input_cache_write_1h_tokens,
        input_cache_write_other_tokens,
        output_visible_tokens,
        output_reasoning_tokens,
        {%- for part in token_modalities() %}
        {{ part }},
        {%- endfor %}
        quantity,
        sampling_rate,
        reported_cost,
        is_failed,
        is_retry,
        has_token_mismatch,
        started_at,
        ended_at,
        usage_date
    from {{ ref(log) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from token_requests
