with

costs as (

    select
        use_case,
        sum(cost) as cost,
        {{ sum_bigint('allocations') }} as allocations,
        {{ sum_bigint('unknown_cost_allocations') }} as unknown_cost_allocations,
        {{ month_start('charge_date') }} as period_start
    from {{ ref('costs_daily') }}
    where is_ai
    group by use_case, {{ month_start('charge_date') }}

),

value_events as (

    select
        use_case,
        value,
        value_low,
        value_high,
        evidence_grade,
        {{ month_start('outcome_date') }} as period_start
    from {{ ref('value_events') }}

),

-- The weakest grade speaks for all: A before B before C.
month_values as (

    select
        use_case,
        sum(value) as value,
        sum(value_low) as value_low,
        sum(value_high) as value_high,
        max(evidence_grade) as evidence_grade,
        cast(count(*) as {{ bigint_type() }}) as value_events,
        {{ count_if('value is null') }} as unknown_value_events,
        period_start
    from value_events
    group by use_case, period_start

),

defined as (

    select use_case
    from value_events
    where use_case is not null
    group by use_case

),

months as (

    select
        use_case,
        period_start
    from costs

    union all

    select
        use_case,
        period_start
    from month_values

),

use_case_months as (

    select
        use_case,
        period_start
    from months
    group by use_case, period_start

),

joined as (

    select
        use_case_months.use_case,
        month_values.evidence_grade,
        costs.cost,
        -- Outcomes without a use case are worth something, but not to the cost without one.
        case when defined.use_case is not null and costs.cost > 0 then costs.cost end as ratio_cost,
        month_values.value,
        month_values.value_low,
        month_values.value_high,
        month_values.value_events,
        month_values.unknown_value_events,
        costs.allocations,
        costs.unknown_cost_allocations,
        defined.use_case is not null as has_outcome_defined,
        use_case_months.period_start
    from use_case_months
    left join costs
        on
            coalesce(use_case_months.use_case, '') = coalesce(costs.use_case, '')
            and use_case_months.period_start = costs.period_start
    left join month_values
        on
            coalesce(use_case_months.use_case, '') = coalesce(month_values.use_case, '')
            and use_case_months.period_start = month_values.period_start
    left join defined
        on use_case_months.use_case = defined.use_case

),

value_ratios as (

    select
        {{ row_key(['use_case', 'period_start']) }} as value_ratios_id,
        use_case,
        evidence_grade,
        {{ reporting_currency() }} as currency,
        {{ as_money('cost') }} as cost,
        {{ as_money('value') }} as value,
        {{ divide('value', 'ratio_cost') }} as ratio,
        {{ divide('value_low', 'ratio_cost') }} as ratio_low,
        {{ divide('value_high', 'ratio_cost') }} as ratio_high,
        coalesce(value_events, 0) as value_events,
        coalesce({{ divide('allocations - unknown_cost_allocations', 'allocations') }}, 0)
            as cost_completeness,
        {{ divide('value_events - unknown_value_events', 'value_events') }} as value_completeness,
        has_outcome_defined,
        period_start
    from joined

)

select * from value_ratios
