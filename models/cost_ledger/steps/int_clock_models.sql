{{ config(materialized='view') }}

with

names as (

    select
        provider,
        model,
        price_provider,
        price_model
    from {{ ref('int_model_names') }}

),

clocked_prices as (

    select
        provider,
        model
    from {{ ref('int_usable_prices') }}
    where
        is_clocked
        or valid_from <> {{ day_start(as_date('valid_from')) }}
        or valid_to <> {{ day_start(as_date('valid_to')) }}
    group by provider, model

),

int_clock_models as (

    select
        names.provider,
        names.model
    from names
    inner join clocked_prices
        on
            names.price_provider = clocked_prices.provider
            and names.price_model = clocked_prices.model
    group by names.provider, names.model

)

select * from int_clock_models
