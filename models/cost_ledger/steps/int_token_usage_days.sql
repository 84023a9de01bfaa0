{{
    config(
        materialized='incremental',
        incremental_strategy=incremental_strategy(),
        on_schema_change='sync_all_columns',
        pre_hook="{{ delete_stale_grains() }}",
        partition_by=partition_by_day('usage_date'),
        cluster_by=cluster_by_columns(['source_name', 'provider', 'model']),
    )
}}

with

bands as (

    select *
    from {{ ref('int_context_bands') }}

),

standing as (

    select
        dataset,
        source_name,
        period,
        state_id
    from {{ source('landing', 'standing') }}
    where dataset in {{ token_datasets() }}

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
-- Usage is read only for the grains that new deliveries touched, or all of them when the
-- price book draws its context bands anew.
touched as (

    select
        standing.dataset,
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

token_usage as (

    select
        source_name,
        period,
        provider,
        model,
        service_tier,
        {{ text('null') }} as sub_account_id,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        context_tokens,
        cast(1 as {{ bigint_type() }}) as requests,
        case when is_failed then 1 else 0 end as failed_requests,
        case when is_retry then 1 else 0 end as retried_requests,
        input_uncached_tokens,
        input_cache_read_tokens,
        input_cache_write_5m_tokens,
        input_cache_write_1h_tokens,
        input_cache_write_other_tokens,
        output_visible_tokens,
        output_reasoning_tokens,
        has_token_mismatch,
        usage_date
    from {{ ref('token_requests') }}
    where {{ touched_moments('started_at') }}

    union all

    select
        source_name,
        period,
        provider,
        model,
        service_tier,
        sub_account_id,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        context_tokens,
        requests,
        failed_requests,
        retried_requests,
        input_uncached_tokens,
        input_cache_read_tokens,
        input_cache_write_5m_tokens,
        input_cache_write_1h_tokens,
        input_cache_write_other_tokens,
        output_visible_tokens,
        output_reasoning_tokens,
        has_token_mismatch,
        usage_date
    from {{ ref('int_token_buckets') }}
    where {{ touched_moments('started_at') }}

),

aggregated as (

    select
        token_usage.source_name,
        token_usage.period,
        token_usage.provider,
        token_usage.model,
        token_usage.service_tier,
        token_usage.sub_account_id,
        token_usage.cost_center,
        token_usage.team,
        token_usage.product,
        token_usage.feature,
        token_usage.use_case,
        token_usage.customer,
        token_usage.environment,
        token_usage.workload,
        case
            {% for number in range(12, 0, -1) -%}
            when token_usage.context_tokens >= bands.threshold_{{ number }}
                then bands.threshold_{{ number }}
            {% endfor -%}
            else 0
        end as context_from_tokens,
        {% for count in ['requests', 'failed_requests', 'retried_requests'] -%}
        {{ sum_bigint('token_usage.' ~ count) }} as {{ count }},
        {% endfor -%}
        {% for token_class in token_classes() -%}
        {{ sum_bigint('token_usage.' ~ token_class ~ '_tokens') }} as {{ token_class }}_tokens,
        {% endfor -%}
        {{ count_if('token_usage.has_token_mismatch') }} as mismatched_requests,
        token_usage.usage_date
    from token_usage
    inner join touched
        on
            token_usage.source_name = touched.source_name
            and token_usage.period = touched.period
    cross join bands
    group by
        token_usage.source_name,
        token_usage.period,
        token_usage.provider,
        token_usage.model,
        token_usage.service_tier,
        token_usage.sub_account_id,
        token_usage.cost_center,
        token_usage.team,
        token_usage.product,
        token_usage.feature,
        token_usage.use_case,
        token_usage.customer,
        token_usage.environment,
        token_usage.workload,
        context_from_tokens,
        token_usage.usage_date

),

int_token_usage_days as (

    select
        aggregated.*,
        touched.dataset,
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
