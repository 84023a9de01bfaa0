with

charges as (

    select
        charge_id,
        service_provider_name as provider,
        billing_currency as currency,
        pricing_currency,
        pricing_unit,
        charge_category,
        pricing_quantity,
        pricing_currency_effective_cost,
        billed_cost,
        effective_cost,
        charge_period_end,
        {{ month_start('charge_date') }} as period_start
    from {{ ref('charges') }}
    where
        evidence_level = 'billed'
        -- Nearly all charges are priced in the currency that they are billed in.
        and (
            pricing_currency <> billing_currency
            or charge_category = 'Purchase' and pricing_unit is not null
        )

),

currencies as (

    select currency
    from {{ ref('currencies') }}

),

drawn as (

    select charges.*
    from charges
    left join currencies
        on upper(charges.pricing_currency) = currencies.currency
    where
        charges.charge_category <> 'Purchase'
        and charges.pricing_currency is not null
        and currencies.currency is null

),

virtual_currencies as (

    select
        provider,
        lower(pricing_currency) as unit,
        max(pricing_currency) as virtual_currency
    from drawn
    group by
        provider,
        lower(pricing_currency)

),

-- FOCUS: bought with money, and the unit that is bought names the virtual currency.
int_virtual_currency_charges as (

    select
        charges.charge_id,
        charges.provider,
        virtual_currencies.virtual_currency,
        charges.currency,
        charges.pricing_quantity as purchased_quantity,
        charges.billed_cost as purchased_cost,
        {{ as_money('0') }} as consumed_quantity,
        {{ as_money('0') }} as consumed_cost,
        charges.charge_period_end as expires_at,
        charges.period_start
    from charges
    inner join virtual_currencies
        on
            coalesce(charges.provider, '') = coalesce(virtual_currencies.provider, '')
            and lower(charges.pricing_unit)
            in (virtual_currencies.unit, virtual_currencies.unit || 's')
    where charges.charge_category = 'Purchase'
    union all
    select
        drawn.charge_id,
        drawn.provider,
        virtual_currencies.virtual_currency,
        drawn.currency,
        {{ as_money('0') }} as purchased_quantity,
        {{ as_money('0') }} as purchased_cost,
        drawn.pricing_currency_effective_cost as consumed_quantity,
        drawn.effective_cost as consumed_cost,
        cast(null as {{ timestamp_type() }}) as expires_at,
        drawn.period_start
    from drawn
    inner join virtual_currencies
        on
            coalesce(drawn.provider, '') = coalesce(virtual_currencies.provider, '')
            and lower(drawn.pricing_currency) = virtual_currencies.unit

)

select * from int_virtual_currency_charges
