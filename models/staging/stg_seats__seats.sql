with

stg_seats__seats as (

    select
        {{ system_columns() }},
        service,
        coalesce(currency, {{ reporting_currency() }}) as currency,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        assigned,
        active,
        seat_price,
        {{ period_day('period') }} as seat_month
    from {{ source('landing', 'seats') }}

)

select * from stg_seats__seats
