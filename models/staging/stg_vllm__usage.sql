{% set keys = allocation_keys() %}
{% set server = [
    'model_name', 'engine', 'instance', 'job', 'namespace', 'pod', 'container', 'service',
] %}
{% set parts = ['cache_read'] %}

with

-- Releases name things differently, and servers of two releases may run side by side: which name
-- counts is decided for each server.
servers as (

    select
        _source_name as source_name,
        _period as period,
        model_name as model,
        {{ keys | join(',\n        ') }},
        {{ vllm_counter('prompt_tokens_total') }} as prompt_tokens,
        {{ vllm_counter('generation_tokens_total') }} as generation_tokens,
        coalesce(
            {{ vllm_counter('prefix_cache_hits_total') }},
            {{ vllm_counter('gpu_prefix_cache_hits_total', 'increase * tokens_per_count') }}
        ) as hit_tokens,
        {{ vllm_counter('request_success_total') }} as ended_requests,
        {{ vllm_counter(
            'request_success_total',
            "case when finished_reason in ('abort', 'error') then increase else 0 end"
        ) }} as failed_requests,
        {{ vllm_counter('request_prefill_time_seconds_sum') }} as prefill_seconds,
        coalesce(
            {{ vllm_counter('request_decode_time_seconds_sum') }},
            {{ vllm_counter('inter_token_latency_seconds_sum') }},
            {{ vllm_counter('time_per_output_token_seconds_sum') }}
        ) as decode_seconds,
        {{ as_date('bucket_start') }} as usage_date
    from {{ source('landing', 'vllm_metrics') }}
    group by
        _source_name, _period, {{ server | join(', ') }}, {{ keys | join(', ') }},
        {{ as_date('bucket_start') }}

),

-- A counter that one of the servers lacks is unknown for all of them, not 0.
days as (

    select
        source_name,
        period,
        model,
        {{ keys | join(',\n        ') }},
        count(prompt_tokens) = count(*) and count(generation_tokens) = count(*) as is_counted,
        count(hit_tokens) = count(*) as is_cache_counted,
        cast(coalesce(sum(prompt_tokens), 0) as {{ bigint_type() }}) as whole_input_tokens,
        cast(coalesce(sum(generation_tokens), 0) as {{ bigint_type() }}) as whole_output_tokens,
        cast(coalesce(sum(hit_tokens), 0) as {{ bigint_type() }}) as cache_read_tokens,
        {%- for count in ['ended_requests', 'failed_requests'] %}
        cast(
            case when count({{ count }}) = count(*) then sum({{ count }}) end as {{ bigint_type() }}
        ) as {{ count }},
        {%- endfor %}
        {%- for time in ['prefill_seconds', 'decode_seconds'] %}
        {{ as_money('case when count(' ~ time ~ ') = count(*) then sum(' ~ time ~ ') end') }}
            as {{ time }},
        {%- endfor %}
        usage_date
    from servers
    group by source_name, period, model, {{ keys | join(', ') }}, usage_date

),

checked as (

    select
        *,
        {{ token_checks(parts) }}
    from days

),

-- vLLM counts what its prefix cache held inside the prompt.
stg_vllm__usage as (

    select
        source_name,
        period,
        'self_hosted' as provider,
        model,
        'self_hosted' as service_tier,
        {{ text('null') }} as geography,
        {{ text('null') }} as unit,
        {{ keys | join(',\n        ') }},
        {{ disjoint_classes(parts, whole='input_tokens') }},
        {{ as_money('null') }} as quantity,
        ended_requests as requests,
        failed_requests,
        prefill_seconds,
        decode_seconds,
        is_counted,
        is_cache_counted and is_input_consistent as is_cache_counted,
        {{ has_token_mismatch(['is_counted']) }} as has_token_mismatch,
        {{ day_start('usage_date') }} as started_at,
        {{ day_start(date_add_days('usage_date', 1)) }} as ended_at,
        usage_date
    from checked

)

select * from stg_vllm__usage
