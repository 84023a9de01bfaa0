with

closing_moments as (

    select closed_at
    from {{ ref('int_closed_months') }}
    group by closed_at

),

price_book as (

    select *
    from {{ ref('price_book') }}

),

known_at_closing as (

    select price_book.price_id
    from price_book
    inner join closing_moments
        on
            price_book.known_from <= closing_moments.closed_at
            and price_book.known_to > closing_moments.closed_at
    group by price_book.price_id

),

-- Open ends become far moments, so that a lookup compares plainly.
prices as (

    select
        price_book.price_id,
        price_book.provider,
        price_book.model,
        price_book.token_class,
        price_book.service_tier,
        lower(price_book.geography) as geography,
        price_book.weekdays,
        coalesce(price_book.from_time, '00:00:00') as clock_from,
        coalesce(nullif(price_book.to_time, '00:00:00'), '24:00:00') as clock_to,
        price_book.currency,
        price_book.snapshot_source,
        price_book.price_kind,
        price_book.tier_mode,
        price_book.context_from_tokens,
        price_book.quantity_from,
        price_book.unit_price,
        price_book.is_promotion,
        price_book.from_time is not null or price_book.to_time is not null as is_clocked,
        coalesce(price_book.known_from, {{ day_start("date '0001-01-01'") }}) as known_from,
        coalesce(price_book.known_to, {{ day_start("date '9999-12-31'") }}) as known_to,
        coalesce(price_book.valid_from, {{ day_start("date '0001-01-01'") }}) as valid_from,
        coalesce(price_book.valid_to, {{ day_start("date '9999-12-31'") }}) as valid_to,
        price_book.snapshot_date
    from price_book
    left join known_at_closing
        on price_book.price_id = known_at_closing.price_id
    where price_book.known_to is null or known_at_closing.price_id is not null

),

-- The steps of a volume discount share the id of their price.
int_usable_prices as (

    select
        prices.*,
        min(prices.quantity_from) over (partition by prices.price_id) as first_quantity,
        max(prices.quantity_from) over (partition by prices.price_id) > 0 as is_tiered
    from prices

)

select * from int_usable_prices
