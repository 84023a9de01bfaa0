with

source as (

    select
        {{ system_columns() }},
        coalesce(request_id, record_id) as request_id,
        provider,
        model,
        case
            when is_provisioned and not coalesce(is_spillover, false) then 'provisioned'
            when lower(deployment_type) like '%batch%' then 'batch'
            else {{ standard_tier('service_tier') }}
        end as service_tier,
        result_code as status,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        coalesce(prompt_tokens, total_tokens - completion_tokens, 0) as prompt_tokens,
        coalesce(completion_tokens, total_tokens - prompt_tokens, 0) as completion_tokens,
        total_tokens as stated_total_tokens,
        coalesce(cached_tokens, 0) as cache_read_tokens,
        coalesce(cache_write_tokens, 0) as cache_write_other_tokens,
        coalesce(reasoning_tokens, 0) as reasoning_tokens,
        {{ is_failed_status('result_code') }} as is_failed,
        {{ adapter.quote("time") }} as started_at
    from {{ source('landing', 'azure_openai') }}
    -- One request may be logged by several categories: only records with counts are usage.
    where coalesce(prompt_tokens, completion_tokens, total_tokens) is not null

),

summed as (

    select
        *,
        cast(0 as {{ bigint_type() }}) as cache_write_5m_tokens,
        cast(0 as {{ bigint_type() }}) as cache_write_1h_tokens,
        coalesce(stated_total_tokens = prompt_tokens + completion_tokens, true)
            as is_total_consistent
    from source

),

checked as (

    select
        *,
        case
            when is_total_consistent then prompt_tokens
            else greatest(stated_total_tokens - completion_tokens, 0)
        end as whole_input_tokens,
        case
            when is_total_consistent then completion_tokens
            else least(completion_tokens, stated_total_tokens)
        end as whole_output_tokens,
        is_total_consistent and prompt_tokens >= cache_read_tokens + cache_write_other_tokens
            as is_input_consistent,
        is_total_consistent and completion_tokens >= reasoning_tokens as is_output_consistent
    from summed

),

-- OpenAI's form: the prompt holds what caches served or stored, the completion holds the thinking,
-- the total is both.
stg_azure_openai__requests as (

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
        {{ text('null') }} as session_id,
        {{ text('null') }} as currency,
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
        {{ as_money('null') }} as reported_cost,
        is_failed,
        false as is_retry,
        is_input_consistent = false or is_output_consistent = false as has_token_mismatch,
        started_at,
        cast(null as {{ timestamp_type() }}) as ended_at,
        {{ as_date('started_at') }} as usage_date
    from checked

)

select * from stg_azure_openai__requests
