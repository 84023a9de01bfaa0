with

source as (

    select
        {{ system_columns() }},
        request_id,
        provider,
        model,
        {{ standard_tier('service_tier') }} as service_tier,
        status,
        retry_of,
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
        coalesce(input_tokens, 0) as input_tokens,
        coalesce(output_tokens, 0) as output_tokens,
        coalesce(cached_input_tokens, 0) as cache_read_tokens,
        coalesce(cache_write_tokens, 0) as cache_write_tokens,
        coalesce(reasoning_tokens, 0) as reasoning_tokens,
        cost,
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
        case
            when input_includes_cached then input_tokens
            else input_tokens + cache_read_tokens + cache_write_tokens
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
        whole_input_tokens >= cache_read_tokens + cache_write_tokens as is_input_consistent,
        whole_output_tokens >= reasoning_tokens as is_output_consistent
    from whole

),

-- Where the parts exceed the whole, the whole is kept and the parts are not believed.
stg_token_events__requests as (

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
        whole_input_tokens as context_tokens,
        case
            when is_input_consistent
                then whole_input_tokens - cache_read_tokens - cache_write_tokens
            else whole_input_tokens
        end as input_uncached_tokens,
        case when is_input_consistent then cache_read_tokens else 0 end as input_cache_read_tokens,
        cast(0 as {{ bigint_type() }}) as input_cache_write_5m_tokens,
        cast(0 as {{ bigint_type() }}) as input_cache_write_1h_tokens,
        case when is_input_consistent then cache_write_tokens else 0 end
            as input_cache_write_other_tokens,
        case
            when is_output_consistent then whole_output_tokens - reasoning_tokens
            else whole_output_tokens
        end as output_visible_tokens,
        case when is_output_consistent then reasoning_tokens else 0 end as output_reasoning_tokens,
        cost as reported_cost,
        {{ is_failed_status('status') }} as is_failed,
        retry_of is not null as is_retry,
        is_input_consistent = false or is_output_consistent = false as has_token_mismatch,
        started_at,
        ended_at,
        {{ as_date('started_at') }} as usage_date
    from checked

)

select * from stg_token_events__requests
