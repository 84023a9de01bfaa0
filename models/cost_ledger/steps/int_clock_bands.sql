with

names as (

    select
        price_provider,
        price_model
    from {{ ref('int_model_names') }}
    group by price_provider, price_model

),

usable_prices as (

    select
        provider,
        model,
        clock_from,
        clock_to,
        valid_from,
        valid_to
    from {{ ref('int_usable_prices') }}

),

-- Of the models that are used: price lists know more changes than there are places.
prices as (

    select
        usable_prices.clock_from,
        usable_prices.clock_to,
        usable_prices.valid_from,
        usable_prices.valid_to
    from usable_prices
    inner join names
        on
            usable_prices.provider = names.price_provider
            and usable_prices.model = names.price_model

),

clocks as (

    select clock_from from prices
    union all
    select clock_to as clock_from from prices
    union all
    select {{ clock_text('valid_from') }} as clock_from from prices
    union all
    select {{ clock_text('valid_to') }} as clock_from from prices

),

numbered as (

    select
        clock_from,
        row_number() over (order by clock_from asc nulls last) as band_number
    from clocks
    where clock_from not in ('00:00:00', '24:00:00')
    group by clock_from

),

clock_models as (

    select {{ list_text("concat(provider, ' ', model)", "concat(provider, ' ', model)") }} as models
    from {{ ref('int_clock_models') }}

),

clock_bands as (

    select
        {{ list_text('clock_from', 'clock_from') }} as clocks,
        {% for number in range(1, 25) -%}
        max(case when band_number = {{ number }} then clock_from end) as clock_{{ number }},
        {% endfor -%}
        {{ count_if('band_number > 24') }} as clocks_left_out
    from numbered

),

-- One row, as of the context bands; the usage is cut anew where a band or a model comes or goes.
int_clock_bands as (

    select
        {{ row_key(['clock_models.models', 'clock_bands.clocks']) }} as clock_state,
        clock_bands.*
    from clock_bands
    cross join clock_models

)

select * from int_clock_bands
