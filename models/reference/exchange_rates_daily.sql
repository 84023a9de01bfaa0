with

rates as (

    select
        from_currency,
        to_currency,
        rate,
        rate_date,
        lead(rate_date) over (
            partition by from_currency, to_currency
            order by rate_date asc nulls last
        ) as next_rate_date
    from {{ ref('exchange_rates') }}

),

days as (

    select day
    from {{ ref('days') }}

),

-- A rate holds until the next one: there is no rate before the first, and a future one is never
-- used.
exchange_rates_daily as (

    select
        rates.from_currency,
        rates.to_currency,
        rates.rate,
        days.day as rate_date,
        rates.rate_date as quoted_date
    from rates
    inner join days
        on
            days.day >= rates.rate_date
            and (rates.next_rate_date is null or days.day < rates.next_rate_date)

)

select * from exchange_rates_daily
