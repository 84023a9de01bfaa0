with

sources as (

    select
        source_name,
        coalesce(nullif(billed_by, ''), source_name) as bill_source_name
    from {{ source('landing', 'sources') }}

),

token_usage as (

    select
        source_name,
        provider,
        model,
        total_tokens,
        usage_date
    from {{ ref('token_usage_daily') }}
    -- What a log counts is not counted again from the vendor's report; servers of one's own follow
    -- below.
    where
        model is not null
        and not is_in_request_log
        and service_tier <> 'self_hosted'

),

hosted_tokens as (

    select
        sources.bill_source_name,
        max(token_usage.provider) as provider,
        token_usage.model,
        sum(token_usage.total_tokens) as tokens,
        token_usage.usage_date
    from token_usage
    inner join sources
        on token_usage.source_name = sources.source_name
    group by sources.bill_source_name, token_usage.model, token_usage.usage_date

),

-- A bill that names no model tells no cost of one.
hosted_costs as (

    select
        source_name,
        model,
        case when count(cost) = count(*) then sum(cost) end as cost,
        cast(count(*) as {{ bigint_type() }}) as allocations,
        {{ count_if('cost is null') }} as unknown_cost_allocations,
        max({{ evidence_rank('evidence_level') }}) as evidence_rank,
        charge_date
    from {{ ref('cost_allocations') }}
    where
        model is not null
        and ledger_category in ('hosted_inference', 'embedding_retrieval')
    group by source_name, model, charge_date

),

hosted_days as (

    select
        coalesce(hosted_costs.source_name, hosted_tokens.bill_source_name) as source_name,
        hosted_tokens.provider,
        coalesce(hosted_costs.model, hosted_tokens.model) as model,
        hosted_costs.cost,
        hosted_tokens.tokens,
        coalesce(hosted_costs.allocations, 1) as allocations,
        coalesce(hosted_costs.unknown_cost_allocations, 1) as unknown_cost_allocations,
        hosted_costs.evidence_rank,
        coalesce(hosted_costs.charge_date, hosted_tokens.usage_date) as usage_date
    from hosted_costs
    full outer join hosted_tokens
        on
            hosted_costs.source_name = hosted_tokens.bill_source_name
            and hosted_costs.model = hosted_tokens.model
            and hosted_costs.charge_date = hosted_tokens.usage_date

),

hosted as (

    select
        {%- for column, of_month in [
            ('provider', 'max(provider)'), ('costed_days', 'count(evidence_rank)'),
            ('counted_days', 'count(tokens)'),
        ] %}
        {{ of_month }} over (
            partition by source_name, model, {{ month_start('usage_date') }}
        ) as month_{{ column }},
        {%- endfor %}
        *
    from hosted_days

),

self_hosted as (

    select *
    from {{ ref('int_self_hosted_days') }}

),

model_days as (

    select
        'cost_per_1m_tokens' as metric,
        {{ text('null') }} as split_method,
        month_provider as provider,
        model,
        cost,
        tokens,
        allocations,
        unknown_cost_allocations,
        evidence_rank,
        usage_date
    from hosted
    where month_costed_days > 0 and month_counted_days > 0

    {% for metric, cost, tokens in [
        ('cost_per_1m_tokens', 'cost', 'tokens'),
        ('cost_per_1m_input_tokens', 'input_cost', 'input_uncached_tokens'),
        ('cost_per_1m_output_tokens', 'output_cost', 'output_tokens'),
    ] %}
    union all

    select
        '{{ metric }}' as metric,
        {{ text('null') if cost == 'cost' else "'prefill_decode_time'" }} as split_method,
        'self_hosted' as provider,
        model,
        {{ cost }} as cost,
        {{ tokens }} as tokens,
        allocations,
        {% if cost == 'cost' -%}
        unknown_cost_allocations,
        {%- else -%}
        case when {{ cost }} is null then allocations else unknown_cost_allocations end
            as unknown_cost_allocations,
        {%- endif %}
        evidence_rank,
        usage_date
    from self_hosted
    {% endfor %}
),

-- Tokens of a day whose cost is unknown are left out like the cost of a day whose tokens are:
-- completeness tells. Where no day's cost is known, the tokens stand without one.
int_unit_costs_by_model as (

    select
        metric,
        'model' as entity_type,
        case
            when {{ starts_with('model', "provider || '/'") }} then model
            else coalesce(provider || '/', '') || model
        end as entity,
        max({{ text('split_method') }}) as split_method,
        {{ evidence_of_rank('max(evidence_rank)') }} as evidence_level,
        {{ as_money('sum(case when tokens is not null then cost end)') }} as cost,
        {{ as_money('sum(cost)') }} as month_cost,
        {{ money_product(
            'coalesce(sum(case when cost is not null then tokens end), sum(tokens))', '0.000001'
        ) }} as units,
        {{ sum_bigint('allocations') }} as allocations,
        {{ sum_bigint('unknown_cost_allocations') }} as unknown_cost_allocations,
        {{ month_start('usage_date') }} as period_start
    from model_days
    group by
        metric,
        case
            when {{ starts_with('model', "provider || '/'") }} then model
            else coalesce(provider || '/', '') || model
        end,
        {{ month_start('usage_date') }}

)

select * from int_unit_costs_by_model
