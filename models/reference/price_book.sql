with

prices as (

    select
        snapshot_source,
        provider,
        model,
        token_class,
        coalesce(lower(service_tier), 'standard') as service_tier,
        coalesce(context_from_tokens, 0) as context_from_tokens,
        from_time,
        to_time,
        unit_price,
        currency,
        valid_from,
        valid_to,
        snapshot_date
    from {{ source('landing', 'prices') }}

),

latest_snapshots as (

    select
        snapshot_source,
        provider,
        model,
        max(snapshot_date) as snapshot_date
    from prices
    group by
        snapshot_source,
        provider,
        model

),

-- What a later snapshot of the same source says about a model replaces all the earlier one said,
-- the past included; a model that a later snapshot no longer lists keeps its last known prices.
price_book as (

    select
        prices.provider,
        prices.model,
        prices.token_class,
        prices.service_tier,
        prices.from_time,
        prices.to_time,
        prices.currency,
        prices.snapshot_source,
        prices.context_from_tokens,
        prices.unit_price,
        prices.snapshot_date < latest_snapshots.snapshot_date as superseded,
        prices.valid_from,
        prices.valid_to,
        prices.snapshot_date
    from prices
    inner join latest_snapshots
        on
            prices.snapshot_source = latest_snapshots.snapshot_source
            and prices.provider = latest_snapshots.provider
            and prices.model = latest_snapshots.model

)

select * from price_book
