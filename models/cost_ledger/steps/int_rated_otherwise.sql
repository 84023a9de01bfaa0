with

compared as (

    select *
    from {{ ref('int_billed_and_rated') }}

),

-- Model days on which something is to be explained.
open_days as (

    select
        bill_source_name,
        usage_source_name,
        model_key,
        currency,
        usage_date
    from compared
    where
        is_first
        and has_usage
        and coalesce(billed_cost, 0) <> rated_cost
    group by
        bill_source_name,
        usage_source_name,
        model_key,
        currency,
        usage_date

),

compared_usage as (

    select *
    from {{ ref('int_compared_usage') }}

),

price_lists as (

    select *
    from {{ ref('int_price_lists') }}

),

anthropic_bills as (

    select usage_source_name as bill_source_name
    from {{ ref('int_usage_bills') }}
    where dataset = 'anthropic_reports'

),

usage_rows as (

    select
        {{ row_key([
            'compared_usage.bill_source_name', 'compared_usage.usage_source_name',
            'compared_usage.provider', 'compared_usage.model', 'compared_usage.token_class',
            'compared_usage.service_tier', 'compared_usage.currency', 'compared_usage.price_id',
            'compared_usage.context_from_tokens',
            "case when compared_usage.is_failed then 'failed' end", 'compared_usage.usage_date',
        ]) }} as usage_key,
        compared_usage.bill_source_name,
        compared_usage.usage_source_name,
        compared_usage.model_key,
        compared_usage.billed_class,
        compared_usage.currency,
        compared_usage.token_class,
        compared_usage.service_tier,
        compared_usage.tokens,
        compared_usage.rated_cost,
        compared_usage.rated_cost_as_known_now,
        compared_usage.is_failed,
        anthropic_bills.bill_source_name is not null as is_anthropic_bill,
        price_lists.model_snapshot_key,
        price_lists.model_list_key,
        price_lists.price_id,
        price_lists.token_class as price_class,
        price_lists.service_tier as price_tier,
        price_lists.context_from_tokens,
        price_lists.is_promotion,
        price_lists.valid_from,
        price_lists.valid_to,
        price_lists.snapshot_date,
        -- A moment at which the price held.
        greatest(price_lists.valid_from, {{ day_start('compared_usage.usage_date') }}) as priced_at,
        compared_usage.usage_date
    from compared_usage
    inner join open_days
        on
            compared_usage.bill_source_name = open_days.bill_source_name
            and compared_usage.usage_source_name = open_days.usage_source_name
            and compared_usage.model_key = open_days.model_key
            and compared_usage.currency = open_days.currency
            and compared_usage.usage_date = open_days.usage_date
    left join price_lists
        on compared_usage.price_id = price_lists.price_id
    left join anthropic_bills
        on compared_usage.bill_source_name = anthropic_bills.bill_source_name

),

-- The prices of the same list that held at the moment.
prices_then as (

    select
        usage_rows.usage_key,
        usage_rows.token_class,
        usage_rows.price_class,
        usage_rows.price_tier,
        usage_rows.context_from_tokens as price_context,
        usage_rows.is_promotion as price_is_promotion,
        price_lists.token_class as other_class,
        price_lists.service_tier as other_tier,
        price_lists.context_from_tokens as other_context,
        price_lists.is_promotion as other_is_promotion,
        price_lists.unit_price
    from usage_rows
    inner join price_lists
        on
            usage_rows.model_snapshot_key = price_lists.model_snapshot_key
            and price_lists.valid_from <= usage_rows.priced_at
            and usage_rows.priced_at < price_lists.valid_to

),

cache_classes as (

    select
        usage_key,
        'cache_class' as cause,
        concat(token_class, ' as ', other_class) as cause_detail,
        unit_price
    from prices_then
    where
        {{ starts_with('token_class', "'input_cache_'") }}
        and (
            other_class = 'input_uncached'
            or {{ starts_with('other_class', "'input_cache_'") }}
        )
        and other_class <> price_class
        and other_tier = price_tier
        and other_context = price_context
        and other_is_promotion = price_is_promotion

    union all

    select
        usage_key,
        'cache_class' as cause,
        'all input as input_uncached' as cause_detail,
        unit_price
    from prices_then
    where
        {{ starts_with('token_class', "'input_cache_'") }}
        and other_class = 'input_uncached'
        and other_tier = price_tier
        and other_context = price_context
        and other_is_promotion = price_is_promotion

),

list_tiers as (

    select
        model_snapshot_key,
        service_tier
    from price_lists
    group by model_snapshot_key, service_tier

),

-- One class without a price in a tier leaves unknown what the whole would cost there.
tiers as (

    select
        usage_rows.usage_key,
        'tier' as cause,
        list_tiers.service_tier as cause_detail,
        max(prices_then.unit_price) as unit_price
    from usage_rows
    inner join list_tiers
        on usage_rows.model_snapshot_key = list_tiers.model_snapshot_key
    left join prices_then
        on
            usage_rows.usage_key = prices_then.usage_key
            and list_tiers.service_tier = prices_then.other_tier
            and usage_rows.price_class = prices_then.other_class
            and usage_rows.context_from_tokens = prices_then.other_context
    where list_tiers.service_tier <> usage_rows.price_tier
    group by usage_rows.usage_key, list_tiers.service_tier

),

list_bands as (

    select
        model_snapshot_key,
        context_from_tokens
    from price_lists
    group by model_snapshot_key, context_from_tokens

),

banded as (

    select
        usage_rows.usage_key,
        list_bands.context_from_tokens as band,
        usage_rows.context_from_tokens as price_context,
        prices_then.other_context,
        prices_then.unit_price,
        row_number() over (
            partition by usage_rows.usage_key, list_bands.context_from_tokens
            order by prices_then.other_context desc nulls last
        ) as preference
    from usage_rows
    inner join list_bands
        on usage_rows.model_snapshot_key = list_bands.model_snapshot_key
    inner join prices_then
        on
            usage_rows.usage_key = prices_then.usage_key
            and usage_rows.price_class = prices_then.other_class
            and usage_rows.price_tier = prices_then.other_tier
            and usage_rows.is_promotion = prices_then.other_is_promotion
            and list_bands.context_from_tokens >= prices_then.other_context

),

context_bands as (

    select
        usage_key,
        'context_band' as cause,
        concat('prompts from ', {{ text('band') }}, ' tokens') as cause_detail,
        unit_price
    from banded
    where preference = 1 and other_context <> price_context

),

-- The same price at other times: before and after in the same list, and in other snapshots of it.
other_times as (

    select
        usage_rows.usage_key,
        case
            when price_lists.model_snapshot_key <> usage_rows.model_snapshot_key
                then concat('price as listed on ', {{ text('price_lists.snapshot_date') }})
            when price_lists.valid_to <= usage_rows.valid_from
                then concat('price before ', {{ text(as_date('price_lists.valid_to')) }})
            when price_lists.valid_from >= usage_rows.valid_to
                then concat('price from ', {{ text(as_date('price_lists.valid_from')) }})
            when price_lists.is_promotion then 'price of the promotion'
            else 'price without the promotion'
        end as cause_detail,
        price_lists.unit_price
    from usage_rows
    inner join price_lists
        on
            usage_rows.model_list_key = price_lists.model_list_key
            and usage_rows.price_class = price_lists.token_class
            and usage_rows.price_tier = price_lists.service_tier
            and usage_rows.context_from_tokens = price_lists.context_from_tokens
    where
        price_lists.price_id <> usage_rows.price_id
        and (
            price_lists.model_snapshot_key = usage_rows.model_snapshot_key
            or (
                price_lists.valid_from <= usage_rows.priced_at
                and usage_rows.priced_at < price_lists.valid_to
            )
        )

),

promotions as (

    select
        usage_key,
        'promotion' as cause,
        cause_detail,
        min(unit_price) as unit_price
    from other_times
    group by usage_key, cause_detail

),

other_prices as (

    select * from cache_classes
    union all
    select * from tiers
    union all
    select * from context_bands
    union all
    select * from promotions

),

other_costs as (

    select
        usage_key,
        cause,
        cause_detail,
        unit_price,
        cast(null as {{ money_type() }}) as cost,
        unit_price is not null as is_priced
    from other_prices

    union all

    select
        usage_key,
        'promotion' as cause,
        'price as known now' as cause_detail,
        cast(null as {{ money_type() }}) as unit_price,
        rated_cost_as_known_now as cost,
        false as is_priced
    from usage_rows

    union all

    select
        usage_key,
        'failed_calls' as cause,
        'not billed' as cause_detail,
        cast(null as {{ money_type() }}) as unit_price,
        {{ as_money('0') }} as cost,
        false as is_priced
    from usage_rows
    where is_failed

    union all

    select
        usage_key,
        'priority_not_billed' as cause,
        service_tier as cause_detail,
        cast(null as {{ money_type() }}) as unit_price,
        {{ as_money('0') }} as cost,
        false as is_priced
    from usage_rows
    where is_anthropic_bill and service_tier = 'priority'

),

changes as (

    select
        usage_rows.bill_source_name,
        usage_rows.usage_source_name,
        usage_rows.model_key,
        usage_rows.currency,
        usage_rows.usage_date,
        usage_rows.billed_class,
        other_costs.cause,
        other_costs.cause_detail,
        case
            when other_costs.is_priced
                then {{ money_product('usage_rows.tokens', 'other_costs.unit_price', 0, 18) }}
            else other_costs.cost
        end - usage_rows.rated_cost as change
    from other_costs
    inner join usage_rows
        on other_costs.usage_key = usage_rows.usage_key

),

-- By class where the bill tells it, and for the model's whole day (null): what another class's line
-- took over shows only there.
scopes as (

    select
        bill_source_name,
        usage_source_name,
        model_key,
        billed_class as token_class,
        currency,
        cause,
        cause_detail,
        change,
        usage_date
    from changes

    union all

    select
        bill_source_name,
        usage_source_name,
        model_key,
        {{ text('null') }} as token_class,
        currency,
        cause,
        cause_detail,
        change,
        usage_date
    from changes

),

int_rated_otherwise as (

    select
        scopes.bill_source_name,
        scopes.usage_source_name,
        scopes.model_key,
        scopes.token_class,
        scopes.currency,
        scopes.cause,
        scopes.cause_detail,
        sum(scopes.change) as change,
        scopes.usage_date
    from scopes
    group by
        scopes.bill_source_name,
        scopes.usage_source_name,
        scopes.model_key,
        scopes.token_class,
        scopes.currency,
        scopes.cause,
        scopes.cause_detail,
        scopes.usage_date
    having count(*) = count(scopes.change) and sum(scopes.change) <> 0

)

select * from int_rated_otherwise
