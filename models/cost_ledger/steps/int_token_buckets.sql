{{ config(materialized='view') }}

{# What a report does not tell: unknown, not none. None of them tells of retries, nor how long the
   prompts were beyond the window of prices. #}
{% set untold = {
    'stg_openai__usage': ['team', 'customer', 'context_tokens', 'failed_requests'],
    'stg_anthropic__usage': ['team', 'customer', 'requests', 'failed_requests'],
    'stg_litellm__daily': ['sub_account_id', 'workload', 'context_tokens'],
    'stg_openrouter__activity': ['team', 'context_tokens', 'failed_requests'],
    'stg_vllm__usage': ['sub_account_id', 'context_tokens'],
} %}
{% set told_keys = ['team', 'customer', 'workload'] %}
{% set tells_all_keys = ['stg_vllm__usage'] %}

with

int_token_buckets as (
    {% for report, columns in untold.items() %}
    select
        source_name,
        period,
        provider,
        model,
        service_tier,
        geography,
        unit,
        {%- set keys = allocation_keys() if report in tells_all_keys else told_keys %}
        {%- for column in ['sub_account_id'] + allocation_keys() %}
        {%- if column in columns or column in allocation_keys() and column not in keys %}
        {{ text('null') }} as {{ column }},
        {%- else %}
        {{ column }},
        {%- endif %}
        {%- endfor %}
        {%- if 'context_tokens' in columns %}
        cast(0 as {{ bigint_type() }}) as context_tokens,
        {%- else %}
        context_tokens,
        {%- endif %}
        {%- for count in ['requests', 'failed_requests', 'retried_requests'] %}
        {%- if count in columns + ['retried_requests'] %}
        cast(null as {{ bigint_type() }}) as {{ count }},
        {%- else %}
        {{ count }},
        {%- endif %}
        {%- endfor %}
        {%- for token_class in token_classes() %}
        {{ token_class }}_tokens,
        {%- endfor %}
        {%- for part in token_modalities() %}
        {{ part }},
        {%- endfor %}
        quantity,
        has_token_mismatch,
        started_at,
        ended_at,
        usage_date
    from {{ ref(report) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from int_token_buckets
