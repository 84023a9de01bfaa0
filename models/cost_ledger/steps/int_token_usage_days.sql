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

context_bands as (

    select *
    from {{ ref('int_context_bands') }}

),

clock_bands as (

    select *
    from {{ ref('int_clock_bands') }}

),

bands as (

    select
        context_bands.*,
        clock_bands.*
    from context_bands
    cross join clock_bands

),

clock_models as (

    select
        provider,
        model
    from {{ ref('int_clock_models') }}

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
        context_thresholds,
        clock_state
    from {{ this }}
    group by
        source_name,
        period,
        state_id,
        context_thresholds,
        clock_state

),

{% endif -%}
-- Usage is read only for the grains that new deliveries touched, or all of them when the
-- price book draws its bands anew.
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
            and bands.clock_state = built.clock_state
    where built.source_name is null
    {% endif %}
),

usage_rows as (

    select
        source_name,
        period,
        provider,
        model,
        service_tier,
        geography,
        unit,
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
        {% for part in token_modalities() -%}
        {{ part }},
        {% endfor -%}
        quantity,
        sampling_rate,
        is_failed,
        has_token_mismatch,
        started_at,
        started_at as ended_at,
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
        geography,
        unit,
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
        {% for part in token_modalities() -%}
        {{ part }},
        {% endfor -%}
        quantity,
        {{ as_money('null') }} as sampling_rate,
        cast(null as {{ boolean_type() }}) as is_failed,
        has_token_mismatch,
        started_at,
        ended_at,
        usage_date
    from {{ ref('int_token_buckets') }}
    where {{ touched_moments('started_at') }}

),

-- The hour counts for models whose price changes within a day. A bucket has an hour where it ends
-- within its day, and before the next change (below).
token_usage as (

    select
        usage_rows.*,
        case
            when
                clock_models.provider is not null
                and usage_rows.ended_at
                <= {{ day_start(date_add_days('usage_rows.usage_date', 1)) }}
                then {{ clock_text('usage_rows.started_at') }}
        end as clock,
        case
            when clock_models.provider is null then null
            when {{ as_date('usage_rows.ended_at') }} > usage_rows.usage_date then '24:00:00'
            else {{ clock_text('usage_rows.ended_at') }}
        end as clock_to
    from usage_rows
    left join clock_models
        on
            coalesce(usage_rows.provider, '') = clock_models.provider
            and coalesce(usage_rows.model, '') = clock_models.model

),

aggregated as (

    select
        token_usage.source_name,
        token_usage.period,
        token_usage.provider,
        token_usage.model,
        token_usage.service_tier,
        token_usage.geography,
        token_usage.unit,
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
        case
            when token_usage.clock is null then null
            {% for number in range(1, 25) -%}
            when
                token_usage.clock < bands.clock_{{ number }}
                and bands.clock_{{ number }} < token_usage.clock_to
                then null
            {% endfor -%}
            {% for number in range(24, 0, -1) -%}
            when token_usage.clock >= bands.clock_{{ number }} then bands.clock_{{ number }}
            {% endfor -%}
            else '00:00:00'
        end as clock_from,
        {% for count in ['requests', 'failed_requests', 'retried_requests'] -%}
        {{ sum_bigint('token_usage.' ~ count) }} as {{ count }},
        {% endfor -%}
        {% for token_class in token_classes() -%}
        {{ sum_bigint('token_usage.' ~ token_class ~ '_tokens') }} as {{ token_class }}_tokens,
        {% endfor -%}
        {% for part in token_modalities() -%}
        {{ sum_bigint('token_usage.' ~ part) }} as {{ part }},
        {% endfor -%}
        -- One amount that is not known makes their sum unknown.
        case
            when count(token_usage.quantity) = count(*)
                then {{ as_money('sum(token_usage.quantity)') }}
        end as quantity,
        min(token_usage.sampling_rate) as sampling_rate,
        token_usage.is_failed,
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
        token_usage.geography,
        token_usage.unit,
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
        clock_from,
        token_usage.is_failed,
        token_usage.usage_date

),

int_token_usage_days as (

    select
        aggregated.*,
        touched.dataset,
        touched.state_id,
        bands.thresholds as context_thresholds,
        bands.clock_state
    from aggregated
    inner join touched
        on
            aggregated.source_name = touched.source_name
            and aggregated.period = touched.period
    cross join bands

)

select * from int_token_usage_days
