with

source as (

    select
        {{ system_columns() }},
        result_id,
        report,
        provider,
        project_id,
        api_key_id,
        model,
        case when batch then 'batch' else {{ standard_tier('service_tier') }} end as service_tier,
        coalesce(input_tokens, 0) as input_tokens,
        input_uncached_tokens as stated_uncached_tokens,
        coalesce(input_cached_tokens, 0) as cache_read_tokens,
        coalesce(input_cache_write_tokens, 0) + coalesce(input_cache_write_12h_tokens, 0)
            as cache_write_tokens,
        least(
            coalesce(input_cached_tokens, 0),
            coalesce(input_cache_write_tokens, 0),
            coalesce(input_cache_write_12h_tokens, 0)
        ) as smallest_part,
        coalesce(output_tokens, 0) as output_tokens,
        num_model_requests as requests,
        start_time as started_at,
        end_time as ended_at
    from {{ source('landing', 'openai_reports') }}
    -- The other reports count images, seconds, bytes or calls, which are no tokens.
    where report in ('completions', 'embeddings', 'moderations')

),

checked as (

    select
        *,
        input_tokens - cache_read_tokens - cache_write_tokens as other_tokens,
        smallest_part >= 0
        and input_tokens >= cache_read_tokens + cache_write_tokens
        and coalesce(
            stated_uncached_tokens = input_tokens - cache_read_tokens - cache_write_tokens, true
        ) as is_input_consistent
    from source

),

-- The input count holds what was read from and written to the cache. What the report says is
-- uncached must be the rest; where it says nothing, the rest is. Where the parts are not the whole,
-- the whole is kept and the parts are not believed.
stg_openai__usage as (

    select
        source_name,
        load_id,
        source_file,
        period,
        result_id,
        report,
        provider,
        model,
        service_tier,
        project_id as sub_account_id,
        api_key_id as workload,
        source_row,
        input_tokens,
        case when is_input_consistent then other_tokens else input_tokens end
            as input_uncached_tokens,
        case when is_input_consistent then cache_read_tokens else 0 end as input_cache_read_tokens,
        cast(0 as {{ bigint_type() }}) as input_cache_write_5m_tokens,
        cast(0 as {{ bigint_type() }}) as input_cache_write_1h_tokens,
        case when is_input_consistent then cache_write_tokens else 0 end
            as input_cache_write_other_tokens,
        output_tokens as output_visible_tokens,
        cast(0 as {{ bigint_type() }}) as output_reasoning_tokens,
        requests,
        not is_input_consistent as has_token_mismatch,
        started_at,
        ended_at,
        {{ as_date('started_at') }} as usage_date
    from checked

)

select * from stg_openai__usage
