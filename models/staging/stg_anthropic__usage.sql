with

source as (

    select
        {{ system_columns() }},
        result_id,
        provider,
        workspace_id as sub_account_id,
        api_key_id as workload,
        model,
        context_window,
        case
            when speed = 'fast' then 'fast'
            -- Tokens of the Priority Tier come out of capacity that was bought apart: no report has
            -- their cost.
            when service_tier = 'priority' then 'provisioned'
            else {{ standard_tier('service_tier') }}
        end as service_tier,
        case when inference_geo <> 'not_available' then lower(inference_geo) end as geography,
        uncached_input_tokens as uncached_tokens,
        cache_read_input_tokens as cache_read_tokens,
        cache_creation_ephemeral_5m_input_tokens as cache_write_5m_tokens,
        cache_creation_ephemeral_1h_input_tokens as cache_write_1h_tokens,
        output_tokens,
        server_tool_use_web_search_requests as web_searches,
        starting_at as started_at,
        ending_at as ended_at
    from {{ source('landing', 'anthropic_reports') }}
    where report = 'messages'

),

-- The report's counts are disjoint as they come, and it has no total to hold them against: a count
-- that is missing or negative makes the row one that does not add up.
tokens as (

    select
        *,
        {{ text('null') }} as unit,
        -- No size of a single prompt, but the window of prices that it fell into.
        cast(case when context_window = '200k-1M' then 200001 else 0 end as {{ bigint_type() }})
            as context_tokens,
        greatest(coalesce(uncached_tokens, 0), 0) as input_uncached_tokens,
        greatest(coalesce(cache_read_tokens, 0), 0) as input_cache_read_tokens,
        greatest(coalesce(cache_write_5m_tokens, 0), 0) as input_cache_write_5m_tokens,
        greatest(coalesce(cache_write_1h_tokens, 0), 0) as input_cache_write_1h_tokens,
        greatest(coalesce(output_tokens, 0), 0) as output_visible_tokens,
        {{ as_money('null') }} as quantity,
        least(
            uncached_tokens,
            cache_read_tokens,
            cache_write_5m_tokens,
            cache_write_1h_tokens,
            output_tokens
        ) < 0
        or uncached_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens
        + output_tokens is null as has_token_mismatch
    from source

),

-- Searches have a price of their own, whatever the tokens around them cost.
searches as (

    select
        *,
        'web_searches' as unit,
        cast(0 as {{ bigint_type() }}) as context_tokens,
        cast(0 as {{ bigint_type() }}) as input_uncached_tokens,
        cast(0 as {{ bigint_type() }}) as input_cache_read_tokens,
        cast(0 as {{ bigint_type() }}) as input_cache_write_5m_tokens,
        cast(0 as {{ bigint_type() }}) as input_cache_write_1h_tokens,
        cast(0 as {{ bigint_type() }}) as output_visible_tokens,
        {{ as_money('web_searches') }} as quantity,
        false as has_token_mismatch
    from source
    where web_searches > 0

),

counted as (

    select * from tokens

    union all

    select * from searches

),

stg_anthropic__usage as (

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
        unit,
        sub_account_id,
        workload,
        source_row,
        context_tokens,
        input_uncached_tokens,
        input_cache_read_tokens,
        input_cache_write_5m_tokens,
        input_cache_write_1h_tokens,
        cast(0 as {{ bigint_type() }}) as input_cache_write_other_tokens,
        output_visible_tokens,
        cast(0 as {{ bigint_type() }}) as output_reasoning_tokens,
        {%- for part in token_modalities() %}
        cast(0 as {{ bigint_type() }}) as {{ part }},
        {%- endfor %}
        quantity,
        has_token_mismatch,
        started_at,
        ended_at,
        {{ as_date('started_at') }} as usage_date
    from counted

)

select * from stg_anthropic__usage
