with

forecasts as (

    select
        series,
        method,
        p10,
        p50,
        p80,
        p90,
        is_backcast,
        vintage,
        target_date,
        {{ month_start('target_date') }} as target_month
    from {{ ref('forecasts') }}

),

series_daily as (

    select
        series,
        cost,
        charge_date
    from {{ ref('int_series_daily') }}

),

horizon as (

    select first_open_month
    from {{ ref('int_cost_horizon') }}

),

thresholds as (

    select
        scope,
        direction,
        {{ as_float('warn_at') }} as warn_at,
        {{ as_float('block_at') }} as block_at,
        valid_from,
        valid_to
    from {{ ref('kpi_thresholds') }}
    where kpi = 'forecast_accuracy'

),

-- A day of a closed month without a charge cost nothing; one with charges of unknown cost is not
-- scored. The naive forecast repeats the last week that was known at the vintage.
scored as (

    select
        forecasts.*,
        case when actuals.charge_date is null then 0 else actuals.cost end as actual,
        case when lagged.charge_date is null then 0 else lagged.cost end as naive
    from forecasts
    inner join horizon
        on forecasts.target_month < horizon.first_open_month
    left join series_daily as actuals
        on
            forecasts.series = actuals.series
            and forecasts.target_date = actuals.charge_date
    left join series_daily as lagged
        on
            forecasts.series = lagged.series
            and lagged.charge_date = {{ date_add_days(
                'forecasts.vintage',
                'mod(' ~ days_between('forecasts.vintage', 'forecasts.target_date') ~ ', 7) - 7'
            ) }}

),

sums as (

    select
        series,
        method,
        cast(count(*) as {{ bigint_type() }}) as target_days,
        sum(actual) as actual_cost,
        sum(p50) as forecast_cost,
        sum(abs(p50 - actual)) as absolute_error,
        sum(abs(naive - actual)) as naive_error,
        {{ count_if('actual between p10 and p90') }} as covered_days,
        {%- for quantile in ['10', '50', '80', '90'] %}
        sum(greatest(
            {{ quantile }} * (actual - p{{ quantile }}),
            ({{ quantile }} - 100) * (actual - p{{ quantile }})
        )) as pinball_{{ quantile }},
        {%- endfor %}
        is_backcast,
        vintage,
        target_month
    from scored
    where
        actual is not null
        and p50 is not null
    group by series, method, is_backcast, vintage, target_month

),

measured as (

    select
        sums.*,
        case when sums.actual_cost > 0 then sums.actual_cost end as divisor,
        {{ month_number('sums.target_month') }}
        - {{ month_number(date_add_days('sums.vintage', -1)) }} as horizon_months
    from sums

),

judged as (

    select
        measured.*,
        {{ divide('measured.absolute_error', 'measured.divisor') }} as wape,
        {{ divide('measured.forecast_cost - measured.actual_cost', 'measured.divisor') }} as bias
    from measured

),

forecast_accuracy as (

    select
        {{ row_key(['judged.series', 'judged.vintage', 'judged.target_month']) }}
            as forecast_accuracy_id,
        judged.series,
        judged.method,
        {{ kpi_level(
            '1 - judged.wape',
            'thresholds.direction',
            'thresholds.warn_at',
            'thresholds.block_at'
        ) }} as level,
        cast(judged.horizon_months as {{ bigint_type() }}) as horizon_months,
        judged.target_days,
        {{ as_money('judged.actual_cost') }} as actual_cost,
        {{ as_money('judged.forecast_cost') }} as forecast_cost,
        judged.wape,
        judged.bias,
        {{ divide(
            'judged.pinball_10 + judged.pinball_50 + judged.pinball_80 + judged.pinball_90',
            '400 * judged.target_days'
        ) }} as pinball,
        {{ divide('judged.covered_days', 'judged.target_days') }} as coverage_80,
        1 - {{ divide('judged.absolute_error', 'judged.naive_error') }} as skill_vs_naive,
        judged.is_backcast,
        judged.vintage,
        judged.target_month
    from judged
    left join thresholds
        on
            judged.series = thresholds.scope
            and {{ valid_on('judged.target_month', 'thresholds') }}

)

select * from forecast_accuracy
