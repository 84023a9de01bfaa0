with

horizon as (

    select newest_cost_date
    from {{ ref('int_cost_horizon') }}

),

forecasts as (

    select
        series,
        p10,
        p50,
        p80,
        p90,
        target_date
    from {{ ref('forecasts') }}
    where is_current

),

-- What is known, and from the day after the newest cost on what is expected.
days as (

    select
        series,
        cost as actual,
        committed_cost as committed,
        {{ as_money('null') }} as p10,
        {{ as_money('null') }} as p50,
        {{ as_money('null') }} as p80,
        {{ as_money('null') }} as p90,
        charge_date as day
    from {{ ref('int_series_daily') }}

    union all

    select
        forecasts.series,
        {{ as_money('null') }} as actual,
        {{ as_money('null') }} as committed,
        forecasts.p10,
        forecasts.p50,
        forecasts.p80,
        forecasts.p90,
        forecasts.target_date as day
    from forecasts
    inner join horizon
        on forecasts.target_date > horizon.newest_cost_date

),

int_budget_days as (

    select
        days.*,
        sum(coalesce(days.actual, days.p50)) over (
            partition by days.series, {{ month_start('days.day') }}
            order by days.day asc nulls first
            rows between unbounded preceding and current row
        ) as spent,
        {{ month_start('days.day') }} as budget_month
    from days

)

select * from int_budget_days
