with

used as (

    select
        provider,
        model,
        service_tier,
        context_from_tokens,
        usage_date
    from {{ ref('int_token_usage_days') }}
    group by
        provider,
        model,
        service_tier,
        context_from_tokens,
        usage_date

),

matches as (

    select
        coalesce(provider, '') as provider,
        coalesce(model, '') as model,
        price_provider,
        price_model
    from {{ source('landing', 'model_matches') }}

),

price_book as (

    select
        provider,
        model,
        token_class,
        service_tier,
        context_from_tokens,
        unit_price,
        currency,
        valid_from,
        valid_to,
        snapshot_date
    from {{ ref('price_book') }}
    -- Days are priced as wholes: a price for certain hours is not used, the all-day one is.
    where not superseded and from_time is null

),

candidates as (

    select
        used.provider,
        used.model,
        used.service_tier,
        used.context_from_tokens,
        used.usage_date,
        price_book.token_class,
        price_book.unit_price,
        price_book.currency,
        row_number() over (
            partition by
                used.provider,
                used.model,
                used.service_tier,
                used.context_from_tokens,
                used.usage_date,
                price_book.token_class
            order by
                price_book.context_from_tokens desc nulls last,
                -- A list may price the standard tier under two names.
                case when used.service_tier = price_book.service_tier then 0 else 1 end
                asc nulls last,
                price_book.snapshot_date desc nulls last,
                price_book.valid_from desc nulls last,
                price_book.unit_price desc nulls last
        ) as preference
    from used
    inner join matches
        on
            coalesce(used.provider, '') = matches.provider
            and coalesce(used.model, '') = matches.model
    inner join price_book
        on
            matches.price_provider = price_book.provider
            and matches.price_model = price_book.model
            and used.service_tier = {{ standard_tier('price_book.service_tier') }}
            and used.context_from_tokens >= price_book.context_from_tokens
            and {{ valid_on('used.usage_date', 'price_book') }}

),

int_token_prices as (

    select
        provider,
        model,
        service_tier,
        context_from_tokens,
        usage_date,
        max(currency) as currency,
        {% for token_class, price_classes in token_classes().items() -%}
        coalesce(
            {%- for price_class in price_classes %}
            max(case when token_class = '{{ price_class }}' then unit_price end)
            {{- ',' if not loop.last }}
            {%- endfor %}
        ) as {{ token_class }}_price,
        {% endfor -%}
        max(case when token_class = 'requests' then unit_price end) as request_price
    from candidates
    where preference = 1
    group by
        provider,
        model,
        service_tier,
        context_from_tokens,
        usage_date

)

select * from int_token_prices
