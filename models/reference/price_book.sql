with

deliveries as (

    select
        load_id,
        min(loaded_at) as loaded_at
    from {{ source('landing', 'loads') }}
    where dataset = 'prices'
    group by load_id

),

landed as (

    select *
    from {{ source('landing', 'prices') }}

),

prices as (

    select
        landed._load_id as load_id,
        landed.provider,
        landed.model,
        landed.token_class,
        {{ standard_tier('landed.service_tier') }} as service_tier,
        lower(landed.geography) as geography,
        landed.weekdays,
        landed.from_time,
        landed.to_time,
        landed.currency,
        landed.snapshot_source,
        coalesce(landed.price_kind, 'list') as price_kind,
        landed.tier_mode,
        coalesce(landed.context_from_tokens, 0) as context_from_tokens,
        {{ as_money('coalesce(landed.quantity_from, 0)') }} as quantity_from,
        landed.unit_price,
        landed.is_promotion,
        coalesce(landed.valid_from_at, {{ day_start('landed.valid_from') }}) as valid_from,
        -- A last day becomes the moment at which it is over.
        coalesce(
            landed.valid_until_at, {{ day_start(date_add_days('landed.valid_to', 1)) }}
        ) as valid_to,
        landed.snapshot_date,
        deliveries.loaded_at as known_from
    from landed
    left join deliveries
        on landed._load_id = deliveries.load_id

),

snapshots as (

    select
        snapshot_source,
        provider,
        model,
        load_id,
        snapshot_date,
        known_from
    from prices
    group by
        snapshot_source,
        provider,
        model,
        load_id,
        snapshot_date,
        known_from

),

-- What a later snapshot of the same source says about a model replaces all the earlier one said,
-- the past included, from the moment on at which it was landed; a model that a later snapshot no
-- longer lists keeps its last known prices.
known as (

    select
        snapshot_source,
        provider,
        model,
        load_id,
        min(known_from) over (
            partition by
                snapshot_source,
                provider,
                model
            order by
                snapshot_date asc nulls first,
                known_from asc nulls first,
                load_id asc nulls first
            rows between 1 following and unbounded following
        ) as known_to
    from snapshots

),

price_book as (

    select
        -- The steps of a price by volume share its id.
        {{ row_key([
            'prices.load_id',
            'prices.provider',
            'prices.model',
            'prices.token_class',
            'prices.service_tier',
            'prices.geography',
            'prices.weekdays',
            'prices.from_time',
            'prices.currency',
            'prices.price_kind',
            'prices.context_from_tokens',
            "case when prices.is_promotion then 'promotion' end",
            micros_between(day_start("date '1970-01-01'"), 'prices.valid_from'),
        ]) }} as price_id,
        prices.provider,
        prices.model,
        prices.token_class,
        prices.service_tier,
        prices.geography,
        prices.weekdays,
        prices.from_time,
        prices.to_time,
        prices.currency,
        prices.snapshot_source,
        prices.price_kind,
        prices.tier_mode,
        prices.context_from_tokens,
        prices.quantity_from,
        prices.unit_price,
        prices.is_promotion,
        known.known_to is not null as superseded,
        prices.valid_from,
        prices.valid_to,
        prices.snapshot_date,
        prices.known_from,
        known.known_to
    from prices
    inner join known
        on
            prices.load_id = known.load_id
            and prices.snapshot_source = known.snapshot_source
            and prices.provider = known.provider
            and prices.model = known.model

)

select * from price_book
