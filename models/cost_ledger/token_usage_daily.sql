{{
    config(
        partition_by=partition_by_day('usage_date'),
        cluster_by=cluster_by_columns(),
    )
}}

{% set all_tokens = (token_classes() | join('_tokens + ')) ~ '_tokens' %}

with

usage_days as (

    select
        source_name,
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
        case when count(quantity) = count(*) then {{ as_money('sum(quantity)') }} end as quantity,
        usage_date
    from {{ ref('int_token_usage_days') }}
    group by
        source_name,
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
        context_from_tokens,
        usage_date

),

logged_report_days as (

    select
        source_name,
        usage_date
    from {{ ref('int_logged_report_days') }}

),

-- Null as soon as one class has no price: a part of the cost would pass for the whole.
costs as (

    select
        token_usage_id,
        max(currency) as currency,
        {% for cost in ['rated_cost', 'rated_cost_as_known_now'] -%}
        case when count({{ cost }}) = count(*) then {{ as_money('sum(' ~ cost ~ ')') }} end
            as {{ cost }},
        {% endfor -%}
        {{ sum_bigint("case
            when rated_cost is null and token_class <> 'requests' and not is_unit then quantity
            else 0
        end") }} as unpriced_tokens,
        {{ count_if("rated_cost is null and token_class = 'requests'") }} as unpriced_requests
    from {{ ref('int_rated_usage') }}
    group by token_usage_id

),

keyed as (

    select
        {{ row_key(usage_keys()) }} as token_usage_id,
        usage_days.*,
        {{ all_tokens }} as total_tokens
    from usage_days

),

token_usage_daily as (

    select
        keyed.token_usage_id,
        keyed.source_name,
        keyed.provider,
        keyed.model,
        keyed.service_tier,
        keyed.geography,
        keyed.unit,
        keyed.sub_account_id,
        coalesce(costs.currency, {{ reporting_currency() }}) as currency,
        {% for key in allocation_keys() -%}
        keyed.{{ key }},
        {% endfor -%}
        keyed.context_from_tokens,
        keyed.requests,
        keyed.failed_requests,
        keyed.retried_requests,
        {% for token_class in token_classes() -%}
        keyed.{{ token_class }}_tokens,
        {% endfor -%}
        keyed.total_tokens,
        mismatched_requests,
        keyed.quantity,
        -- Nothing that is rated costs nothing.
        {{ as_money('case when costs.token_usage_id is null then 0 else costs.rated_cost end') }}
            as rated_cost,
        {{ as_money(
            'case when costs.token_usage_id is null then 0 else costs.rated_cost_as_known_now end'
        ) }} as rated_cost_as_known_now,
        -- A price a request, and no number of requests: no token has a known price.
        case
            when costs.unpriced_requests > 0 then keyed.total_tokens
            else coalesce(costs.unpriced_tokens, 0)
        end as unpriced_tokens,
        logged_report_days.source_name is not null as is_in_request_log,
        keyed.usage_date
    from keyed
    left join costs
        on keyed.token_usage_id = costs.token_usage_id
    left join logged_report_days
        on
            keyed.source_name = logged_report_days.source_name
            and keyed.usage_date = logged_report_days.usage_date

)

select * from token_usage_daily
