with

quantiles as (

    select
        series,
        method,
        currency,
        horizon_days,
        p10,
        p50,
        p80,
        p90,
        coalesce(is_backcast, false) as is_backcast,
        issued_at,
        vintage,
        target_date
    from {{ ref('stg_forecasts__quantiles') }}

),

newest as (

    select
        series,
        max(vintage) as vintage
    from quantiles
    where not is_backcast
    group by series

),

forecasts as (

    select
        {{ row_key(['quantiles.series', 'quantiles.vintage', 'quantiles.target_date']) }}
            as forecasts_id,
        quantiles.series,
        quantiles.method,
        quantiles.currency,
        quantiles.horizon_days,
        quantiles.p10,
        quantiles.p50,
        quantiles.p80,
        quantiles.p90,
        quantiles.is_backcast,
        not quantiles.is_backcast and newest.vintage is not null as is_current,
        quantiles.issued_at,
        quantiles.vintage,
        quantiles.target_date
    from quantiles
    left join newest
        on
            quantiles.series = newest.series
            and quantiles.vintage = newest.vintage

)

select * from forecasts
