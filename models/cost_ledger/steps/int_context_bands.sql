with

names as (

    select
        price_provider,
        price_model
    from {{ ref('int_model_names') }}
    group by price_provider, price_model

),

prices as (

    select
        provider,
        model,
        context_from_tokens
    from {{ ref('int_usable_prices') }}
    where context_from_tokens > 0
    group by provider, model, context_from_tokens

),

-- Of the models that are used: price lists know more bands than there are places.
thresholds as (

    select prices.context_from_tokens
    from prices
    inner join names
        on
            prices.provider = names.price_provider
            and prices.model = names.price_model
    group by prices.context_from_tokens

),

numbered as (

    select
        context_from_tokens,
        row_number() over (order by context_from_tokens asc nulls last) as band_number
    from thresholds

),

-- One row, so that ten million requests are compared with constants instead of joined to ranges.
int_context_bands as (

    select
        coalesce({{ list_text(text('context_from_tokens'), 'context_from_tokens') }}, '')
            as thresholds,
        {% for number in range(1, 13) -%}
        max(case when band_number = {{ number }} then context_from_tokens end)
            as threshold_{{ number }},
        {% endfor -%}
        {{ count_if('band_number > 12') }} as thresholds_left_out
    from numbered

)

select * from int_context_bands
