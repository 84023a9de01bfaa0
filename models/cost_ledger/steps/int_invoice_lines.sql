{{ config(materialized='view') }}

with

lines as (

    select *
    from {{ ref('stg_invoices__lines') }}

),

unbilled_sources as (

    select source_name
    from {{ source('landing', 'sources') }}
    where billed_by is null or billed_by = ''

),

bill_lines as (

    select charge_period_start
    from {{ ref('int_bill_lines') }}

),

closed_months as (

    select
        month_start,
        closed_at
    from {{ ref('int_closed_months') }}

),

loads as (

    select
        load_id,
        min(loaded_at) as loaded_at
    from {{ source('landing', 'loads') }}
    group by load_id

),

usage_horizon as (

    select seen_until
    from {{ ref('int_usage_horizon') }}

),

-- Lines alike in every column are charges of their own; their number tells them apart.
own_lines as (

    select
        lines.*,
        row_number() over (
            partition by lines.source_name, lines.row_hash, lines.adjustment
            order by lines.source_file asc nulls last, lines.source_row asc nulls last
        ) as occurrence,
        coalesce(
            lines.service_end >= lines.service_start
            and coalesce(lines.charge_category, 'Purchase') in ('Usage', 'Purchase'),
            false
        ) as is_spread,
        {{ days_between('lines.service_start', 'lines.service_end') }} + 1 as service_days,
        {{ date_add_days(next_month_start('lines.invoice_month'), -1) }} as last_invoiced_date
    from lines
    inner join unbilled_sources
        on lines.source_name = unbilled_sources.source_name

),

last_dates as (

    select max({{ as_date('charge_period_start') }}) as last_date
    from bill_lines
    union all
    select {{ date_add_days(as_date('seen_until'), -1) }} as last_date
    from usage_horizon

),

-- A service that lasts until next year costs nothing yet next year: days are released as far as the
-- other bills and the usage speak, not until today, so that the same deliveries give the same days.
horizon as (

    select coalesce(last_dates.last_date, invoiced.last_date) as last_date
    from (select max(last_date) as last_date from last_dates) as last_dates
    cross join (select max(last_invoiced_date) as last_date from own_lines) as invoiced

),

-- Billed once, and by day what of it has been served: what covers days of service costs nothing
-- itself, and its days are not billed again.
parts as (

    select
        own_lines.*,
        cast(null as {{ bigint_type() }}) as day_number
    from own_lines

    union all

    select
        own_lines.*,
        {{ unnested('day_number') }} as day_number
    from own_lines
    cross join horizon
    {{ cross_join_numbers(
        'least(own_lines.service_days - 1, '
        ~ days_between('own_lines.service_start', 'horizon.last_date') ~ ')',
        'day_number'
    ) }}
    where own_lines.is_spread

),

dated as (

    select
        parts.*,
        case
            when parts.day_number is not null
                then {{ date_add_days('parts.service_start', 'parts.day_number') }}
            when parts.is_spread then parts.invoice_month
            else coalesce(parts.service_start, parts.invoice_month)
        end as first_date,
        case
            when parts.day_number is not null
                then {{ date_add_days('parts.service_start', 'parts.day_number + 1') }}
            when parts.is_spread then {{ next_month_start('parts.invoice_month') }}
            when parts.service_end >= parts.service_start
                then {{ date_add_days('parts.service_end', 1) }}
            else {{ next_month_start('coalesce(parts.service_start, parts.invoice_month)') }}
        end as end_date
    from parts

),

-- A closed month keeps its cost: a day of it that became known later is booked with its invoice.
booked as (

    select
        dated.*,
        case
            when dated.day_number is null then dated.booked_in
            when
                (dated.adjustment is not null or loads.loaded_at > closed_months.closed_at)
                and coalesce(dated.booked_in, dated.invoice_month)
                > {{ month_start('dated.first_date') }}
                then coalesce(dated.booked_in, dated.invoice_month)
        end as corrects_in,
        case
            when dated.day_number is null then dated.invoice_month
            else {{ month_start('dated.first_date') }}
        end as own_month
    from dated
    left join closed_months
        on {{ month_start('dated.first_date') }} = closed_months.month_start
    left join loads
        on dated.load_id = loads.load_id

),

int_invoice_lines as (

    select
        {{ row_key([
            "'invoice'", 'booked.source_name', 'booked.row_hash', 'booked.occurrence',
            'booked.day_number', 'booked.adjustment',
        ]) }} as charge_id,
        booked.source_name,
        booked.load_id,
        booked.source_file,
        booked.invoice_id,
        booked.issuer as invoice_issuer_name,
        booked.issuer as service_provider_name,
        booked.issuer as host_provider_name,
        {{ text('null') }} as billing_account_id,
        {{ text('null') }} as sub_account_id,
        {{ text('null') }} as sub_account_name,
        {{ text('null') }} as region_id,
        {{ text('null') }} as resource_id,
        {{ text('null') }} as resource_name,
        coalesce(booked.service, booked.issuer) as service_name,
        {{ text('null') }} as service_category,
        {{ text('null') }} as sku_id,
        {{ text('null') }} as sku_price_id,
        {{ text('null') }} as sku_meter,
        {{ text('null') }} as model,
        case
            when booked.day_number is not null then 'Usage'
            when booked.is_spread then 'Purchase'
            else coalesce(booked.charge_category, 'Purchase')
        end as charge_category,
        case when booked.corrects_in is not null then 'Correction' end as charge_class,
        booked.description as charge_description,
        {{ text('null') }} as pricing_category,
        case when booked.is_spread then 'subscription' end as pricing_model,
        booked.unit as pricing_unit,
        booked.unit as consumed_unit,
        booked.currency as billing_currency,
        {{ text('null') }} as commitment_discount_id,
        {{ text('null') }} as commitment_discount_status,
        {{ json_of_keys('booked', allocation_keys()) }} as tags,
        booked.ledger_category,
        'billed' as evidence_level,
        booked.source_row,
        case when booked.day_number is null then booked.quantity end as pricing_quantity,
        case when booked.day_number is null then booked.quantity end as consumed_quantity,
        case when booked.day_number is null then booked.amount else {{ as_money('0') }} end
            as billed_cost,
        case
            when booked.day_number is not null
                then {{ money_part('booked.amount', 'booked.day_number', 'booked.service_days') }}
            when booked.is_spread then {{ as_money('0') }}
            else booked.amount
        end as effective_cost,
        {{ as_money('null') }} as contracted_cost,
        -- An invoice states no list price.
        {{ as_money('null') }} as list_cost,
        {{ day_start('booked.first_date') }} as charge_period_start,
        {{ day_start('booked.end_date') }} as charge_period_end,
        {{ day_start('coalesce(booked.corrects_in, booked.own_month)') }} as billing_period_start,
        case when booked.corrects_in is not null then booked.own_month end as adjusts_period,
        {{ focus_columns({
            'billing_period_end':
                day_start(next_month_start('coalesce(booked.corrects_in, booked.own_month)')),
        }) }}
    from booked

)

select * from int_invoice_lines
