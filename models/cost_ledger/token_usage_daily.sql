{{
    config(
        partition_by=partition_by_day('usage_date'),
        cluster_by=cluster_by_columns(),
    )
}}

{% set classes = token_classes().keys() %}
{% set all_tokens = 'usage_days.' ~ (classes | join('_tokens + usage_days.')) ~ '_tokens' %}

with

usage_days as (

    select
        source_name,
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
        context_from_tokens,
        {{ sum_bigint('requests') }} as requests,
        {{ sum_bigint('failed_requests') }} as failed_requests,
        {{ sum_bigint('retried_requests') }} as retried_requests,
        {{ sum_bigint('input_uncached_tokens') }} as input_uncached_tokens,
        {{ sum_bigint('input_cache_read_tokens') }} as input_cache_read_tokens,
        {{ sum_bigint('input_cache_write_5m_tokens') }} as input_cache_write_5m_tokens,
        {{ sum_bigint('input_cache_write_1h_tokens') }} as input_cache_write_1h_tokens,
        {{ sum_bigint('input_cache_write_other_tokens') }} as input_cache_write_other_tokens,
        {{ sum_bigint('output_visible_tokens') }} as output_visible_tokens,
        {{ sum_bigint('output_reasoning_tokens') }} as output_reasoning_tokens,
        {{ sum_bigint('mismatched_requests') }} as mismatched_requests,
        usage_date
    from {{ ref('int_token_usage_days') }}
    group by
        source_name,
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
        context_from_tokens,
        usage_date

),

sources as (

    select
        source_name,
        billed_by,
        dataset in {{ token_datasets('vendors') }} as is_vendor_report
    from {{ source('landing', 'sources') }}

),

-- A vendor's report counts what a log of the same requests counts again; the log names the source
-- of the report as its bill.
logged_days as (

    select
        sources.billed_by as source_name,
        usage_days.usage_date
    from usage_days
    inner join sources
        on usage_days.source_name = sources.source_name
    where not sources.is_vendor_report
    group by sources.billed_by, usage_days.usage_date

),

report_sources as (

    select source_name
    from sources
    where is_vendor_report

),

prices as (

    select *
    from {{ ref('int_token_prices') }}

),

priced as (

    select
        usage_days.*,
        prices.currency,
        report_sources.source_name is not null
        and logged_days.source_name is not null as is_in_request_log,
        {% for token_class in token_classes() -%}
        case
            when
                usage_days.{{ token_class }}_tokens = 0
                or usage_days.service_tier in {{ tiers_paid_apart() }}
                then 0
            else {{ money_product(
                'usage_days.' ~ token_class ~ '_tokens', 'prices.' ~ token_class ~ '_price', 0, 18
            ) }}
        end as {{ token_class }}_cost,
        {% endfor -%}
        case
            when
                usage_days.service_tier in {{ tiers_paid_apart() }}
                or prices.request_price is null
                then 0
            -- A price a request, and no number of requests: the cost of what was used is unknown.
            when usage_days.requests is null and {{ all_tokens }} = 0 then 0
            else {{ money_product('usage_days.requests', 'prices.request_price', 0, 18) }}
        end as request_cost
    from usage_days
    left join prices
        on
            coalesce(usage_days.provider, '') = coalesce(prices.provider, '')
            and coalesce(usage_days.model, '') = coalesce(prices.model, '')
            and usage_days.service_tier = prices.service_tier
            and usage_days.context_from_tokens = prices.context_from_tokens
            and usage_days.usage_date = prices.usage_date
    left join report_sources
        on usage_days.source_name = report_sources.source_name
    left join logged_days
        on
            usage_days.source_name = logged_days.source_name
            and usage_days.usage_date = logged_days.usage_date

),

checked as (

    select
        {% for token_class in token_classes() -%}
        case
            when priced.{{ token_class }}_cost is null or priced.request_cost is null
                then priced.{{ token_class }}_tokens
            else 0
        end as {{ token_class }}_unpriced,
        {% endfor -%}
        priced.*
    from priced

),

token_usage_daily as (

    select
        {{ row_key([
            'source_name', 'provider', 'model', 'service_tier', 'context_from_tokens', 'usage_date',
            'sub_account_id',
        ] + allocation_keys()) }} as token_usage_id,
        source_name,
        provider,
        model,
        service_tier,
        sub_account_id,
        coalesce(currency, {{ reporting_currency() }}) as currency,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        context_from_tokens,
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
        {% for token_class in token_classes() -%}
        {{ token_class }}_tokens{{ ' +' if not loop.last else ' as total_tokens,' }}
        {% endfor -%}
        mismatched_requests,
        -- Null as soon as one class has no price: a part of the cost would pass for the whole.
        {{ as_money('request_cost + ' ~ (token_classes().keys() | join('_cost + ')) ~ '_cost') }}
            as rated_cost,
        {{ token_classes().keys() | join('_unpriced + ') ~ '_unpriced' }} as unpriced_tokens,
        is_in_request_log,
        usage_date
    from checked

)

select * from token_usage_daily
