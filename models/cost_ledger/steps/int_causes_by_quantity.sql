{{ config(materialized='view') }}

with

open_rows as (

    select *
    from {{ ref('int_open_differences') }}

),

failed_calls as (

    select
        source_name,
        coalesce(provider, '') as provider,
        coalesce(model, '') as model,
        {{ sum_bigint('failed_requests') }} as failed_requests,
        usage_date
    from {{ ref('token_usage_daily') }}
    where failed_requests > 0
    group by
        source_name,
        coalesce(provider, ''),
        coalesce(model, ''),
        usage_date

),

price_book as (

    select
        price_id,
        unit_price
    from {{ ref('int_price_lists') }}

),

used as (

    select
        bill_source_name,
        usage_source_name,
        provider,
        model,
        model_key,
        billed_class,
        currency,
        price_id,
        usage_date
    from {{ ref('int_compared_usage') }}

),

-- One price for all tokens of the row, or none.
used_prices as (

    select
        used.bill_source_name,
        used.usage_source_name,
        used.model_key,
        used.billed_class,
        used.currency,
        min(price_book.unit_price) as unit_price,
        used.usage_date
    from used
    inner join price_book
        on used.price_id = price_book.price_id
    group by
        used.bill_source_name,
        used.usage_source_name,
        used.model_key,
        used.billed_class,
        used.currency,
        used.usage_date
    having min(price_book.unit_price) = max(price_book.unit_price)

),

failing_models as (

    select
        used.bill_source_name,
        used.usage_source_name,
        used.model_key,
        used.usage_date
    from used
    inner join failed_calls
        on
            used.usage_source_name = failed_calls.source_name
            and used.provider = failed_calls.provider
            and used.model = failed_calls.model
            and used.usage_date = failed_calls.usage_date
    group by
        used.bill_source_name,
        used.usage_source_name,
        used.model_key,
        used.usage_date

),

-- Billed is more of the same at the same price, and calls failed: their tokens are in no log.
by_failed_tokens as (

    select
        open_rows.comparison_id,
        'failed_calls' as cause,
        'tokens of failed calls were not logged' as cause_detail
    from open_rows
    inner join failing_models
        on
            open_rows.bill_source_name = failing_models.bill_source_name
            and open_rows.usage_source_name = failing_models.usage_source_name
            and open_rows.model_key = failing_models.model_key
            and open_rows.usage_date = failing_models.usage_date
    inner join used_prices
        on
            open_rows.usage_source_name = used_prices.usage_source_name
            and open_rows.token_class = used_prices.billed_class
            and open_rows.bill_source_name = used_prices.bill_source_name
            and open_rows.model_key = used_prices.model_key
            and open_rows.currency = used_prices.currency
            and open_rows.usage_date = used_prices.usage_date
    where
        open_rows.billed_tokens > open_rows.rated_tokens
        and abs(
            open_rows.billed_cost
            - {{ money_product('open_rows.billed_tokens', 'used_prices.unit_price', 0, 18) }}
        ) <= open_rows.bill_rounding

),

multiples as (

    select
        *,
        cast(round({{ divide('rated_cost', 'billed_cost') }}) as {{ bigint_type() }}) as times
    from open_rows
    where billed_cost > 0 and rated_cost > billed_cost

),

-- The same requests logged more than once. A bill so coarse that other multiples of it would fit as
-- well says nothing of the kind.
by_multiple as (

    select
        comparison_id,
        'duplicate_logs' as cause,
        concat('counted ', {{ text('times') }}, ' times') as cause_detail
    from multiples
    where
        abs(rated_cost - {{ money_product('billed_cost', 'times', 18, 0) }})
        <= {{ money_product('bill_rounding', 'times', 18, 0) }}
        and {{ money_product('bill_rounding', 'times', 18, 0) }} * 2 < billed_cost
        and (
            billed_tokens is null
            or rated_tokens = {{ money_product('billed_tokens', 'times', 0, 0) }}
        )

),

neighbours as (

    select
        comparison_id,
        gap,
        bill_rounding,
        usage_date,
        lag(gap) over (
            partition by bill_source_name, model_key, token_class, currency
            order by usage_date asc nulls last
        ) as former_gap,
        lag(bill_rounding) over (
            partition by bill_source_name, model_key, token_class, currency
            order by usage_date asc nulls last
        ) as former_bill_rounding,
        lag(usage_date) over (
            partition by bill_source_name, model_key, token_class, currency
            order by usage_date asc nulls last
        ) as former_usage_date,
        lead(gap) over (
            partition by bill_source_name, model_key, token_class, currency
            order by usage_date asc nulls last
        ) as next_gap,
        lead(bill_rounding) over (
            partition by bill_source_name, model_key, token_class, currency
            order by usage_date asc nulls last
        ) as next_bill_rounding,
        lead(usage_date) over (
            partition by bill_source_name, model_key, token_class, currency
            order by usage_date asc nulls last
        ) as next_usage_date
    from open_rows

),

-- What is missing on one day stands on the next one, or stood on the one before.
by_neighbour as (
    {% for side in ['next', 'former'] %}
    select
        comparison_id,
        'timing' as cause,
        case
            when gap < 0 then concat('billed on ', {{ text(side ~ '_usage_date') }})
            else concat('used on ', {{ text(side ~ '_usage_date') }})
        end as cause_detail
    from neighbours
    where
        {{ side }}_usage_date = {{ date_add_days('usage_date', 1 if side == 'next' else -1) }}
        and abs(gap + {{ side }}_gap) <= bill_rounding + {{ side }}_bill_rounding
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

int_causes_by_quantity as (

    select * from by_failed_tokens
    union all
    select * from by_multiple
    union all
    select
        comparison_id,
        cause,
        min(cause_detail) as cause_detail
    from by_neighbour
    group by comparison_id, cause

)

select * from int_causes_by_quantity
