with

bills as (

    select *
    from {{ ref('int_usage_bills') }}

),

-- Many rows differ by allocation keys alone, which no bill knows.
usage_days as (

    select
        source_name,
        coalesce(provider, '') as provider,
        coalesce(model, '') as model,
        service_tier,
        currency,
        token_class,
        price_id,
        context_from_tokens,
        coalesce(is_failed, false) as is_failed,
        max(unpriced_reason) as unpriced_reason,
        sum(quantity) as tokens,
        -- Null as soon as one row has no price: a part would pass for the whole.
        case when count(*) = count(rated_cost) then sum(rated_cost) end as rated_cost,
        case
            when count(*) = count(rated_cost_as_known_now) then sum(rated_cost_as_known_now)
        end as rated_cost_as_known_now,
        usage_date
    from {{ ref('int_rated_usage') }}
    -- A bill's token lines: what is metered in other units is not among them, a request without a
    -- price of its own is no line, and hardware of one's own is on another bill.
    where
        not is_unit
        and service_tier <> 'self_hosted'
        and (token_class <> 'requests' or rated_cost is null or rated_cost <> 0)
    group by
        source_name,
        coalesce(provider, ''),
        coalesce(model, ''),
        service_tier,
        currency,
        token_class,
        price_id,
        context_from_tokens,
        coalesce(is_failed, false),
        usage_date

),

names as (

    select
        provider,
        model,
        price_model,
        name_rank,
        valid_from,
        valid_to
    from {{ ref('int_model_names') }}
    where known_to is null

),

-- What an alias of the settings says was billed counts as the model's name; what a price list calls
-- the model is a second name that a bill may use.
aliases as (

    select
        provider,
        model,
        valid_from,
        valid_to,
        max(price_model) as billed_model
    from names
    where name_rank = 1
    group by provider, model, valid_from, valid_to

),

listed_names as (

    select
        provider,
        model,
        max(price_model) as listed_model
    from names
    where name_rank = 3
    group by provider, model

),

int_billed_usage as (

    select
        bills.bill_source_name,
        bills.usage_source_name,
        bills.is_vendor_report,
        usage_days.provider,
        usage_days.model,
        {{ model_key('coalesce(aliases.billed_model, usage_days.model)') }} as model_key,
        {{ model_key(
            'coalesce(aliases.billed_model, listed_names.listed_model, usage_days.model)'
        ) }} as listed_model_key,
        usage_days.service_tier,
        usage_days.currency,
        usage_days.token_class,
        usage_days.price_id,
        usage_days.context_from_tokens,
        usage_days.is_failed,
        usage_days.unpriced_reason,
        usage_days.tokens,
        usage_days.rated_cost,
        usage_days.rated_cost_as_known_now,
        usage_days.usage_date
    from usage_days
    inner join bills
        on usage_days.source_name = bills.usage_source_name
    left join aliases
        on
            usage_days.provider = aliases.provider
            and usage_days.model = aliases.model
            and {{ valid_on('usage_days.usage_date', 'aliases') }}
    left join listed_names
        on
            usage_days.provider = listed_names.provider
            and usage_days.model = listed_names.model

)

select * from int_billed_usage
