{% set parts = [
    'cache_read',
    'cache_write_other',
    'audio_input',
    'image_input',
    'audio_read',
    'audio_output',
    'image_output',
] %}
{# Reports that count no tokens: the unit in the words of price lists, and the report's column. The
   report of vector stores is left out: it tells what is stored, whose price is by the day. #}
{% set units = {
    'images': ['output_images', 'images'],
    'audio_speeches': ['input_characters', 'characters'],
    'audio_transcriptions': ['input_audio_seconds', 'seconds'],
    'code_interpreter_sessions': ['code_executions', 'num_sessions'],
    'file_searches': ['storage_searches', 'num_requests'],
    'web_searches': ['web_searches', 'num_requests'],
} %}

with

source as (

    select
        {{ system_columns() }},
        result_id,
        report,
        provider,
        project_id as sub_account_id,
        api_key_id as workload,
        model,
        case when batch then 'batch' else {{ standard_tier('service_tier') }} end as service_tier,
        case report
            {%- for report, (unit, count) in units.items() %}
            when '{{ report }}' then '{{ unit }}'
            {%- endfor %}
        end as unit,
        case report
            {%- for report, (unit, count) in units.items() %}
            when '{{ report }}' then {{ count }}
            {%- endfor %}
        end as unit_count,
        coalesce(input_tokens, 0) as whole_input_tokens,
        input_uncached_tokens as stated_uncached_tokens,
        coalesce(input_cached_tokens, 0) as cache_read_tokens,
        coalesce(input_cache_write_tokens, 0) as cache_write_tokens,
        coalesce(input_cache_write_12h_tokens, 0) as cache_write_12h_tokens,
        coalesce(input_audio_tokens, 0) as audio_input_tokens,
        coalesce(input_image_tokens, 0) as image_input_tokens,
        coalesce(input_cached_audio_tokens, 0) as audio_read_tokens,
        coalesce(output_tokens, 0) as whole_output_tokens,
        coalesce(output_audio_tokens, 0) as audio_output_tokens,
        coalesce(output_image_tokens, 0) as image_output_tokens,
        num_model_requests,
        start_time as started_at,
        end_time as ended_at
    from {{ source('landing', 'openai_reports') }}
    where
        report in (
            'completions',
            'embeddings',
            {%- for report in units %}
            '{{ report }}',
            {%- endfor %}
            'moderations'
        )

),

whole as (

    select
        *,
        {{ as_money('unit_count') }} as quantity,
        cache_write_tokens + cache_write_12h_tokens as cache_write_other_tokens,
        -- Searches and sessions happen inside requests that are counted where their tokens are.
        case
            when unit in ('web_searches', 'storage_searches', 'code_executions') then 0
            else num_model_requests
        end as requests,
        least(cache_write_tokens, cache_write_12h_tokens) >= 0
        and coalesce(
            stated_uncached_tokens
            = whole_input_tokens - cache_read_tokens - cache_write_tokens - cache_write_12h_tokens,
            true
        ) as is_rest_consistent
    from source

),

checked as (

    select
        *,
        {{ token_checks(parts, believed='is_rest_consistent') }}
    from whole

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
        {{ text('null') }} as geography,
        unit,
        sub_account_id,
        workload,
        source_row,
        {{ disjoint_classes(parts, whole='input_tokens') }},
        quantity,
        requests,
        {{ has_token_mismatch() }} as has_token_mismatch,
        started_at,
        ended_at,
        {{ as_date('started_at') }} as usage_date
    from checked

)

select * from stg_openai__usage
