{% set parts = ['cache_read', 'cache_write_other'] %}

with

source as (

    select
        {{ system_columns() }},
        id as result_id,
        scope,
        custom_llm_provider as provider,
        model,
        team_id,
        end_user_id,
        case scope
            when 'user' then 1
            when 'team' then 2
            when 'organization' then 3
            when 'end_user' then 4
        end as scope_rank,
        coalesce(prompt_tokens, 0) as whole_input_tokens,
        coalesce(completion_tokens, 0) as whole_output_tokens,
        coalesce(cache_read_input_tokens, 0) as cache_read_tokens,
        coalesce(cache_creation_input_tokens, 0) as cache_write_other_tokens,
        api_requests as requests,
        failed_requests,
        {{ adapter.quote('date') }} as usage_date
    from {{ source('landing', 'litellm_daily') }}
    -- A request with two tags stands twice by tag.
    where scope <> 'tag'

),

checked as (

    select
        *,
        min(scope_rank) over (partition by source_name, period) as first_scope_rank,
        {{ token_checks(parts) }}
    from source

),

-- Every table holds the same requests, grouped by another entity: one of them counts on a day. That
-- of users has all requests; the others lack those without a team, an organisation or an end user.
-- LiteLLM counts cache reads and writes inside prompt_tokens.
stg_litellm__daily as (

    select
        source_name,
        load_id,
        source_file,
        period,
        result_id,
        scope,
        provider,
        model,
        'standard' as service_tier,
        {{ text('null') }} as geography,
        {{ text('null') }} as unit,
        team_id as team,
        end_user_id as customer,
        source_row,
        {{ disjoint_classes(parts) }},
        {{ as_money('null') }} as quantity,
        requests,
        failed_requests,
        {{ has_token_mismatch() }} as has_token_mismatch,
        {{ day_start('usage_date') }} as started_at,
        {{ day_start(date_add_days('usage_date', 1)) }} as ended_at,
        usage_date
    from checked
    where scope_rank = first_scope_rank

)

select * from stg_litellm__daily
