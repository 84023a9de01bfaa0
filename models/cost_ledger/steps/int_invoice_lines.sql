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

usage_horizon as (

    select seen_until
    from {{ ref('int_usage_horizon') }}

),

-- Lines alike in every column are charges of their own; their number tells them apart.
own_lines as (

    select
        lines.*,
        row_number() over (
            partition by lines.source_name, lines.row_hash
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

int_invoice_lines as (

    select
        {{ row_key([
            "'invoice'", 'dated.source_name', 'dated.row_hash', 'dated.occurrence',
            'dated.day_number',
        ]) }} as charge_id,
        dated.source_name,
        dated.load_id,
        dated.source_file,
        dated.invoice_id,
        dated.issuer as invoice_issuer_name,
        dated.issuer as service_provider_name,
        dated.issuer as host_provider_name,
        {{ text('null') }} as billing_account_id,
        {{ text('null') }} as sub_account_id,
        {{ text('null') }} as sub_account_name,
        {{ text('null') }} as region_id,
        {{ text('null') }} as resource_id,
        {{ text('null') }} as resource_name,
        coalesce(dated.service, dated.issuer) as service_name,
        {{ text('null') }} as service_category,
        {{ text('null') }} as sku_id,
        {{ text('null') }} as sku_price_id,
        {{ text('null') }} as sku_meter,
        {{ text('null') }} as model,
        case
            when dated.day_number is not null then 'Usage'
            when dated.is_spread then 'Purchase'
            else coalesce(dated.charge_category, 'Purchase')
        end as charge_category,
        {{ text('null') }} as charge_class,
        dated.description as charge_description,
        {{ text('null') }} as pricing_category,
        case when dated.is_spread then 'subscription' end as pricing_model,
        dated.unit as pricing_unit,
        dated.unit as consumed_unit,
        dated.currency as billing_currency,
        {{ text('null') }} as commitment_discount_id,
        {{ text('null') }} as commitment_discount_status,
        {{ json_of_keys('dated', allocation_keys()) }} as tags,
        dated.ledger_category,
        'billed' as evidence_level,
        dated.source_row,
        case when dated.day_number is null then dated.quantity end as pricing_quantity,
        case when dated.day_number is null then dated.quantity end as consumed_quantity,
        case when dated.day_number is null then dated.amount else {{ as_money('0') }} end
            as billed_cost,
        case
            when dated.day_number is not null
                then {{ money_part('dated.amount', 'dated.day_number', 'dated.service_days') }}
            when dated.is_spread then {{ as_money('0') }}
            else dated.amount
        end as effective_cost,
        {{ as_money('null') }} as contracted_cost,
        -- An invoice states no list price.
        {{ as_money('null') }} as list_cost,
        {{ day_start('dated.first_date') }} as charge_period_start,
        {{ day_start('dated.end_date') }} as charge_period_end,
        case
            when dated.day_number is not null then {{ day_start(month_start('dated.first_date')) }}
            else {{ day_start('dated.invoice_month') }}
        end as billing_period_start
    from dated

)

select * from int_invoice_lines
