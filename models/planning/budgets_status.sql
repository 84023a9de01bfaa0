{% set keys = allocation_keys() %}

with

budgets as (

    select
        budget_scope,
        {{ keys | join(',\n        ') }},
        budget,
        budget_month
    from {{ ref('int_budgets') }}

),

budget_days as (

    select
        series,
        actual,
        committed,
        p10,
        p50,
        p80,
        p90,
        spent,
        day,
        budget_month
    from {{ ref('int_budget_days') }}

),

horizon as (

    select
        newest_cost_date,
        {{ date_add_days('newest_cost_date', 1) }} as first_unknown_date
    from {{ ref('int_cost_horizon') }}

),

thresholds as (

    select
        warn_at,
        valid_from,
        valid_to
    from {{ ref('kpi_thresholds') }}
    where
        kpi = 'budget_breach_probability'
        and scope = 'total'

),

month_thresholds as (

    select
        budgets.budget_month,
        max(thresholds.warn_at) as warn_at
    from budgets
    inner join thresholds
        on {{ valid_on('budgets.budget_month', 'thresholds') }}
    group by budgets.budget_month

),

-- Quantiles of days added up: the month as if all its days erred the same way, which is the careful
-- assumption.
months as (

    select
        budgets.budget_scope,
        sum(budget_days.actual) as actual,
        sum(budget_days.committed) as committed,
        sum(budget_days.p10) as p10,
        sum(budget_days.p50) as p50,
        sum(budget_days.p80) as p80,
        sum(budget_days.p90) as p90,
        {{ count_if('budget_days.p50 is not null') }} as forecast_days,
        min(case when budget_days.spent > budgets.budget then budget_days.day end) as breach_date,
        budgets.budget_month
    from budgets
    inner join budget_days
        on
            budgets.budget_scope = budget_days.series
            and budgets.budget_month = budget_days.budget_month
    group by budgets.budget_scope, budgets.budget_month

),

-- A month is foreseen when every day of it that is still to come has a forecast.
foreseen as (

    select
        budgets.*,
        case
            when budgets.budget_month <= horizon.newest_cost_date then coalesce(months.actual, 0)
        end as actual,
        months.committed,
        {%- for quantile in ['p10', 'p50', 'p80', 'p90'] %}
        case
            when
                coalesce(months.forecast_days, 0) >= {{ days_between(
                    'greatest(budgets.budget_month, '
                    ~ 'coalesce(horizon.first_unknown_date, budgets.budget_month))',
                    next_month_start('budgets.budget_month')
                ) }}
                then coalesce(months.actual, 0) + coalesce(months.{{ quantile }}, 0)
        end as {{ quantile }},
        {%- endfor %}
        months.breach_date,
        horizon.newest_cost_date
    from budgets
    cross join horizon
    left join months
        on
            budgets.budget_scope = months.budget_scope
            and budgets.budget_month = months.budget_month

),

judged as (

    select
        foreseen.*,
        case
            when foreseen.actual > foreseen.budget then 1
            else
                {{ chance_above(
                    'foreseen.budget',
                    'foreseen.p10', 'foreseen.p50', 'foreseen.p80', 'foreseen.p90'
                ) }}
        end as breach_probability
    from foreseen

),

budgets_status as (

    select
        {{ row_key(['judged.budget_scope', 'judged.budget_month']) }} as budgets_status_id,
        judged.budget_scope,
        {%- for key in keys %}
        judged.{{ key }},
        {%- endfor %}
        {{ reporting_currency() }} as currency,
        case
            when judged.budget is null then 'unknown'
            when judged.actual > judged.budget then 'breached'
            when judged.breach_probability is null then 'unknown'
            when judged.breach_probability > month_thresholds.warn_at then 'at_risk'
            else 'within'
        end as status,
        {{ as_money('judged.budget') }} as budget,
        {{ as_money('judged.actual') }} as actual,
        {{ as_money('judged.committed') }} as committed,
        {{ as_money('judged.p50') }} as forecast_p50,
        {{ as_money('judged.p80') }} as forecast_p80,
        cast(judged.breach_probability as {{ float_type() }}) as breach_probability,
        judged.breach_date,
        judged.budget_month as period_start
    from judged
    left join month_thresholds
        on judged.budget_month = month_thresholds.budget_month

)

select * from budgets_status
