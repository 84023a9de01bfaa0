with

stg_forecasts__quantiles as (

    select
        {{ system_columns() }},
        series,
        method,
        currency,
        horizon_days,
        p10,
        p50,
        p80,
        p90,
        is_backcast,
        issued_at,
        vintage,
        target_date
    from {{ source('landing', 'forecasts') }}

)

select * from stg_forecasts__quantiles
