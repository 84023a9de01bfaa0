{% set keys = allocation_keys() %}

with

outcomes as (

    select
        value_event_id,
        source_name,
        load_id,
        source_file,
        event_id,
        outcome_type,
        reverses,
        coalesce(currency, {{ reporting_currency() }}) as currency,
        coalesce(evidence_grade, 'C') as evidence_grade,
        {{ keys | join(',\n        ') }},
        source_row,
        quantity,
        unit_value,
        reported_cost,
        coalesce(attribution_share, 1) as attribution_share,
        succeeded,
        is_reversal,
        occurred_at,
        outcome_date
    from {{ ref('int_outcomes') }}

),

evidence_grades as (

    select
        grade,
        relative_half_width
    from {{ ref('evidence_grades') }}

),

exchange_rates as (

    select
        from_currency,
        rate,
        rate_date
    from {{ ref('exchange_rates_daily') }}
    where to_currency = {{ reporting_currency() }}

),

worth as (

    select
        outcomes.*,
        {{ in_reporting_currency(
            money_product('outcomes.quantity', 'outcomes.unit_value', 6, 12),
            'outcomes.currency', 'exchange_rates.rate'
        ) }} as gross_value,
        {{ money_product(
            'outcomes.attribution_share', '1 - evidence_grades.relative_half_width', 9, 9
        ) }} as share_low,
        {{ money_product(
            'outcomes.attribution_share', '1 + evidence_grades.relative_half_width', 9, 9
        ) }} as share_high
    from outcomes
    left join evidence_grades
        on outcomes.evidence_grade = evidence_grades.grade
    left join exchange_rates
        on
            outcomes.currency = exchange_rates.from_currency
            and outcomes.outcome_date = exchange_rates.rate_date

),

-- Evidence bounds the share that AI may claim: a declared one may be far off, a holdout's less; no
-- share passes 1.
value_events as (

    select
        value_event_id,
        source_name,
        load_id,
        source_file,
        event_id,
        outcome_type,
        reverses,
        currency,
        evidence_grade,
        {{ keys | join(',
        ') }},
        source_row,
        {{ as_money('quantity') }} as quantity,
        unit_value,
        attribution_share,
        {{ as_money('gross_value') }} as gross_value,
        {{ money_product('gross_value', 'attribution_share', 9, 9) }} as value,
        {{ money_product('gross_value', 'share_low', 9, 9) }} as value_low,
        {{ money_product(
            'gross_value', 'case when share_high > 1 then 1 else share_high end', 9, 9
        ) }} as value_high,
        reported_cost,
        succeeded,
        is_reversal,
        occurred_at,
        outcome_date
    from worth

)

select * from value_events
