{{
    config(
        partition_by=partition_by_day('charge_date'),
        cluster_by=cluster_by_columns(['transfer_kind', 'source_name']),
    )
}}

with

charges as (

    select
        source_name,
        service_provider_name as provider,
        service_name,
        from_region,
        to_region,
        data_transfer_kind as transfer_kind,
        ledger_category,
        billing_currency as currency,
        charge_category,
        lower({{ trimmed('consumed_unit') }}) as consumed_unit,
        lower({{ trimmed('pricing_unit') }}) as pricing_unit,
        consumed_quantity,
        pricing_quantity,
        billed_cost,
        effective_cost,
        cost,
        is_ai,
        charge_date
    from {{ ref('charges') }}
    where data_transfer_kind is not null

),

data_units as (

    select
        unit,
        bytes
    from {{ ref('data_units') }}

),

measured as (

    select
        charges.*,
        -- Credits and corrections of money move no data.
        case
            when charges.charge_category <> 'Usage' then {{ as_money('0') }}
            when consumed_units.bytes is not null and charges.consumed_quantity is not null
                then {{ money_product('charges.consumed_quantity', 'consumed_units.bytes', 18, 0) }}
            else {{ money_product('charges.pricing_quantity', 'priced_units.bytes', 18, 0) }}
        end as bytes
    from charges
    left join data_units as consumed_units
        on charges.consumed_unit = consumed_units.unit
    left join data_units as priced_units
        on charges.pricing_unit = priced_units.unit

),

data_transfer_daily as (

    select
        {{ row_key([
            'source_name', 'provider', 'service_name', 'from_region', 'to_region', 'transfer_kind',
            'ledger_category', 'currency', "case when is_ai then 'ai' end", 'charge_date',
        ]) }} as data_transfer_daily_id,
        source_name,
        provider,
        service_name,
        from_region,
        to_region,
        transfer_kind,
        ledger_category,
        currency,
        count(*) as charges,
        -- A part would pass for the whole: one unknown quantity or rate makes the sum unknown.
        case when count(*) = count(bytes) then sum(bytes) end as bytes,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost,
        case when count(*) = count(cost) then sum(cost) end as cost,
        is_ai,
        charge_date
    from measured
    group by
        source_name,
        provider,
        service_name,
        from_region,
        to_region,
        transfer_kind,
        ledger_category,
        currency,
        is_ai,
        charge_date

)

select * from data_transfer_daily
