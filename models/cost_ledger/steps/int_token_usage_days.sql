{{
    config(
        materialized='incremental',
        incremental_strategy=incremental_strategy(),
        on_schema_change='sync_all_columns',
        pre_hook="{{ delete_stale_grains() }}",
    )
}}

with

bands as (

    select *
    from {{ ref('int_context_bands') }}

),

standing as (

    select
        source_name,
        period,
        state_id
    from {{ source('landing', 'standing') }}
    where dataset in ('litellm_spend_logs', 'token_events')

),

{% if is_incremental() -%}
built as (

    select
        source_name,
        period,
        state_id,
        context_thresholds
    from {{ this }}
    group by
        source_name,
        period,
        state_id,
        context_thresholds

),

{% endif -%}
-- Request rows are read only for the grains that new deliveries touched, or all of them when the
-- price book draws its context bands anew.
touched as (

    select
        standing.source_name,
        standing.period,
        standing.state_id
    from standing
    {% if is_incremental() -%}
    cross join bands
    left join built
        on
            standing.source_name = built.source_name
            and standing.period = built.period
            and standing.state_id = built.state_id
            and bands.thresholds = built.context_thresholds
    where built.source_name is null
    {% endif %}
),

requests as (

    select *
    from {{ ref('token_requests') }}

),

aggregated as (

    select
        requests.source_name,
        requests.period,
        requests.provider,
        requests.model,
        requests.service_tier,
        requests.cost_center,
        requests.team,
        requests.product,
        requests.feature,
        requests.use_case,
        requests.customer,
        requests.environment,
        requests.workload,
        case
            {% for number in range(12, 0, -1) -%}
            when requests.context_tokens >= bands.threshold_{{ number }}
                then bands.threshold_{{ number }}
            {% endfor -%}
            else 0
        end as context_from_tokens,
        cast(count(*) as {{ bigint_type() }}) as requests,
        {{ count_if('requests.is_failed') }} as failed_requests,
        {{ count_if('requests.is_retry') }} as retried_requests,
        {{ sum_bigint('requests.input_uncached_tokens') }} as input_uncached_tokens,
        {{ sum_bigint('requests.input_cache_read_tokens') }} as input_cache_read_tokens,
        {{ sum_bigint('requests.input_cache_write_5m_tokens') }} as input_cache_write_5m_tokens,
        {{ sum_bigint('requests.input_cache_write_1h_tokens') }} as input_cache_write_1h_tokens,
        {{ sum_bigint('requests.input_cache_write_other_tokens') }}
            as input_cache_write_other_tokens,
        {{ sum_bigint('requests.output_visible_tokens') }} as output_visible_tokens,
        {{ sum_bigint('requests.output_reasoning_tokens') }} as output_reasoning_tokens,
        {{ count_if('requests.has_token_mismatch') }} as mismatched_requests,
        requests.usage_date
    from requests
    inner join touched
        on
            requests.source_name = touched.source_name
            and requests.period = touched.period
    cross join bands
    group by
        requests.source_name,
        requests.period,
        requests.provider,
        requests.model,
        requests.service_tier,
        requests.cost_center,
        requests.team,
        requests.product,
        requests.feature,
        requests.use_case,
        requests.customer,
        requests.environment,
        requests.workload,
        context_from_tokens,
        requests.usage_date

),

int_token_usage_days as (

    select
        aggregated.*,
        touched.state_id,
        bands.thresholds as context_thresholds
    from aggregated
    inner join touched
        on
            aggregated.source_name = touched.source_name
            and aggregated.period = touched.period
    cross join bands

)

select * from int_token_usage_days
