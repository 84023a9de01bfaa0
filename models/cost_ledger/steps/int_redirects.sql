with

compared as (

    select *
    from {{ ref('int_billed_and_rated') }}
    where is_first

),

-- Models used without a bill on a day, and models billed without any usage.
model_days as (

    select
        bill_source_name,
        currency,
        usage_date,
        model_key,
        sum(billed_cost) as billed_cost,
        sum(bill_rounding) as bill_rounding,
        {{ count_if('has_bill_line') }} = 0 as is_unbilled,
        {{ count_if('has_usage') }} = 0 as is_unused
    from compared
    group by
        bill_source_name,
        currency,
        usage_date,
        model_key

),

pairs as (

    select
        unbilled.bill_source_name,
        unbilled.currency,
        unbilled.usage_date,
        unbilled.model_key as used_model_key,
        unused.model_key as billed_model_key,
        unused.billed_cost,
        unused.bill_rounding
    from model_days as unbilled
    inner join model_days as unused
        on
            unbilled.bill_source_name = unused.bill_source_name
            and unbilled.currency = unused.currency
            and unbilled.usage_date = unused.usage_date
    where
        unbilled.is_unbilled
        and unused.is_unused
        and unused.billed_cost <> 0
        and unbilled.model_key <> unused.model_key

),

unbilled_rows as (

    select *
    from compared
    where has_usage and not has_bill_line

),

unused_rows as (

    select *
    from compared
    where not has_usage

),

-- The same tokens in every class that was billed.
equal_classes as (

    select
        pairs.bill_source_name,
        pairs.currency,
        pairs.usage_date,
        pairs.used_model_key,
        pairs.billed_model_key,
        unused_rows.billed_tokens is not null
        and unbilled_rows.rated_tokens is not null
        and unused_rows.billed_tokens = unbilled_rows.rated_tokens as is_equal
    from pairs
    inner join unused_rows
        on
            pairs.bill_source_name = unused_rows.bill_source_name
            and pairs.currency = unused_rows.currency
            and pairs.usage_date = unused_rows.usage_date
            and pairs.billed_model_key = unused_rows.model_key
    left join unbilled_rows
        on
            pairs.bill_source_name = unbilled_rows.bill_source_name
            and pairs.currency = unbilled_rows.currency
            and pairs.usage_date = unbilled_rows.usage_date
            and pairs.used_model_key = unbilled_rows.model_key
            and unused_rows.token_class = unbilled_rows.token_class

),

by_tokens as (

    select
        bill_source_name,
        currency,
        usage_date,
        used_model_key,
        billed_model_key
    from equal_classes
    group by
        bill_source_name,
        currency,
        usage_date,
        used_model_key,
        billed_model_key
    having {{ count_if('is_equal') }} = count(*)

),

compared_usage as (

    select *
    from {{ ref('int_compared_usage') }}

),

price_lists as (

    select *
    from {{ ref('int_price_lists') }}

),

-- The unbilled tokens at the prices that the same list has for the model that was billed.
other_prices as (

    select
        pairs.bill_source_name,
        pairs.currency,
        pairs.usage_date,
        pairs.used_model_key,
        pairs.billed_model_key,
        pairs.billed_cost,
        pairs.bill_rounding,
        {{ row_key([
            'compared_usage.usage_source_name', 'compared_usage.provider', 'compared_usage.model',
            'compared_usage.token_class', 'compared_usage.service_tier', 'compared_usage.price_id',
            'compared_usage.context_from_tokens',
            "case when compared_usage.is_failed then 'failed' end",
        ]) }} as usage_key,
        compared_usage.tokens,
        others.unit_price,
        row_number() over (
            partition by
                pairs.bill_source_name,
                pairs.currency,
                pairs.usage_date,
                pairs.used_model_key,
                pairs.billed_model_key,
                compared_usage.usage_source_name,
                compared_usage.provider,
                compared_usage.model,
                compared_usage.token_class,
                compared_usage.service_tier,
                compared_usage.price_id,
                compared_usage.context_from_tokens,
                compared_usage.is_failed
            order by others.context_from_tokens desc nulls last, others.unit_price desc nulls last
        ) as preference
    from pairs
    inner join compared_usage
        on
            pairs.bill_source_name = compared_usage.bill_source_name
            and pairs.currency = compared_usage.currency
            and pairs.usage_date = compared_usage.usage_date
            and pairs.used_model_key = compared_usage.model_key
    left join price_lists
        on compared_usage.price_id = price_lists.price_id
    left join price_lists as others
        on
            price_lists.snapshot_key = others.snapshot_key
            and price_lists.token_class = others.token_class
            and price_lists.service_tier = others.service_tier
            and price_lists.context_from_tokens >= others.context_from_tokens
            and pairs.billed_model_key = others.model_key
            and others.valid_from <= {{ day_start('pairs.usage_date') }}
            and {{ day_start('pairs.usage_date') }} < others.valid_to

),

by_price as (

    select
        bill_source_name,
        currency,
        usage_date,
        used_model_key,
        billed_model_key
    from other_prices
    where preference = 1
    group by
        bill_source_name,
        currency,
        usage_date,
        used_model_key,
        billed_model_key
    having
        count(*) = count(unit_price)
        and abs(max(billed_cost) - sum({{ money_product('tokens', 'unit_price', 0, 18) }}))
        <= max(bill_rounding)

),

found as (

    select * from by_tokens
    union all
    select * from by_price

),

int_redirects as (
    {% for side in ['used', 'billed'] %}
    select
        compared.comparison_id,
        min(found.used_model_key) as used_model_key,
        min(found.billed_model_key) as billed_model_key
    from found
    inner join compared
        on
            found.bill_source_name = compared.bill_source_name
            and found.currency = compared.currency
            and found.usage_date = compared.usage_date
            and found.{{ side }}_model_key = compared.model_key
    group by compared.comparison_id
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from int_redirects
