with

source as (

    select
        {{ system_columns() }},
        _row_hash as row_hash,
        _adjustment as adjustment,
        _booked_in as booked_in,
        metric,
        invoiceid,
        billingaccountid,
        billingaccountname,
        subscriptionid,
        subscriptionname,
        resourcelocation,
        meterregion,
        resourceid,
        resourcename,
        consumedservice,
        product,
        metercategory,
        meterid,
        metername,
        unitofmeasure,
        partnumber,
        chargetype,
        frequency,
        pricingmodel,
        reservationid,
        reservationname,
        benefitid,
        benefitname,
        publishertype,
        publishername,
        currency,
        tags,
        cost,
        quantity,
        paygcost,
        paygprice,
        unitprice,
        date,
        billingperiodstartdate
    from {{ source('landing', 'azure_cost') }}

),

named as (

    select
        source.*,
        lower(replace(source.pricingmodel, ' ', '')) in ('reservation', 'savingsplan')
            as is_committed,
        lower(replace(source.chargetype, ' ', '')) in ('unusedreservation', 'unusedsavingsplan')
            as is_unused,
        lower(coalesce(source.chargetype, 'usage')) as charge_type,
        case lower(replace(source.frequency, ' ', ''))
            when 'onetime' then 'One-Time'
            when 'recurring' then 'Recurring'
            when 'usagebased' then 'Usage-Based'
        end as charge_frequency,
        case lower(replace(source.pricingmodel, ' ', ''))
            when 'reservation' then 'Reservation'
            when 'savingsplan' then 'Savings Plan'
        end as commitment_discount_type
    from source

),

stg_azure_cost__charges as (

    select
        source_name,
        load_id,
        source_file,
        row_hash,
        adjustment,
        booked_in,
        invoiceid as invoice_id,
        'Microsoft' as invoice_issuer_name,
        case
            when lower(publishertype) = 'marketplace' then coalesce(publishername, 'Microsoft')
            else 'Microsoft'
        end as service_provider_name,
        'Microsoft' as host_provider_name,
        billingaccountid as billing_account_id,
        lower(subscriptionid) as sub_account_id,
        coalesce(subscriptionname, lower(subscriptionid)) as sub_account_name,
        lower(coalesce(resourcelocation, meterregion)) as region_id,
        lower(resourceid) as resource_id,
        resourcename as resource_name,
        coalesce(metercategory, consumedservice) as service_name,
        {{ text('null') }} as service_category,
        coalesce(partnumber, product) as sku_id,
        meterid as sku_price_id,
        metername as sku_meter,
        {{ text('null') }} as model,
        case
            when charge_type like '%purchase%' then 'Purchase'
            when charge_type like '%refund%' then 'Credit'
            when charge_type like '%adjustment%' then 'Adjustment'
            when charge_type like '%tax%' then 'Tax'
            else 'Usage'
        end as charge_category,
        {{ text('null') }} as charge_class,
        coalesce(product, metername, metercategory) as charge_description,
        case
            when is_committed then 'Committed'
            when lower(pricingmodel) = 'spot' then 'Dynamic'
            when lower(pricingmodel) = 'ondemand' then 'Standard'
        end as pricing_category,
        case
            when is_committed then 'committed'
            when lower(pricingmodel) = 'spot' then 'spot'
        end as pricing_model,
        unitofmeasure as pricing_unit,
        unitofmeasure as consumed_unit,
        currency as billing_currency,
        -- The same id comes in upper and lower case.
        lower(coalesce(benefitid, reservationid)) as commitment_discount_id,
        case
            when is_unused then 'Unused'
            when is_committed and charge_type = 'usage' then 'Used'
        end as commitment_discount_status,
        {{ json_object_or_null('tags') }} as tags,
        {{ text('null') }} as ledger_category,
        source_row,
        quantity as pricing_quantity,
        quantity as consumed_quantity,
        -- Each export tells one side of a commitment: what was paid, or its worth where used.
        case
            when metric = 'actual' or not coalesce(is_committed, false) then cost
        end as billed_cost,
        case
            when metric = 'amortized' or not coalesce(is_committed, false) then cost
        end as effective_cost,
        {{ as_money('null') }} as contracted_cost,
        {{ known_cost('paygcost', ['cost']) }} as list_cost,
        {{ day_start(as_date('date')) }} as charge_period_start,
        {{ day_start(date_add_days(as_date('date'), 1)) }} as charge_period_end,
        {{ day_start(period_day('period')) }} as billing_period_start,
        {{ focus_columns({
            'billing_account_name': 'billingaccountname',
            'billing_account_type': "'Billing Account'",
            'sub_account_type': "'Subscription'",
            'publisher_name': 'publishername',
            'region_name': 'resourcelocation',
            'charge_frequency': 'charge_frequency',
            'commitment_discount_name': 'coalesce(benefitname, reservationname)',
            'commitment_discount_category':
                "case commitment_discount_type when 'Savings Plan' then 'Spend'"
                ~ " when 'Reservation' then 'Usage' end",
            'commitment_discount_type': 'commitment_discount_type',
            'list_unit_price': 'nullif(paygprice, 0)',
            'contracted_unit_price': 'nullif(unitprice, 0)',
            'billing_period_end': day_start(next_month_start(period_day('period'))),
        }) }}
    from named

)

select * from stg_azure_cost__charges
