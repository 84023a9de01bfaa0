{# What makes a list of prices one list, whenever it was landed. #}
{% set list = ['snapshot_source', 'price_kind', 'currency', 'geography', 'weekdays', 'from_time'] %}
{% set snapshot = [
    'snapshot_date', micros_between(day_start("date '1970-01-01'"), 'known_from'),
] %}

with

price_book as (

    select *
    from {{ ref('price_book') }}
    -- The further steps of a price by volume are no other price.
    where quantity_from = 0

),

int_price_lists as (

    select
        price_id,
        {{ row_key(list + ['provider', 'model']) }} as model_list_key,
        {{ row_key(list + ['provider', 'model'] + snapshot) }} as model_snapshot_key,
        {{ row_key(list + ['provider'] + snapshot) }} as snapshot_key,
        {{ model_key('model') }} as model_key,
        token_class,
        service_tier,
        context_from_tokens,
        unit_price,
        coalesce(is_promotion, false) as is_promotion,
        coalesce(valid_from, {{ day_start("date '0001-01-02'") }}) as valid_from,
        coalesce(valid_to, {{ day_start("date '9999-12-30'") }}) as valid_to,
        snapshot_date
    from price_book

)

select * from int_price_lists
