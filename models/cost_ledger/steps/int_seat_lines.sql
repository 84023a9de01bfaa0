{{ config(materialized='view') }}

with

seats as (

    select *
    from {{ ref('stg_seats__seats') }}

),

unbilled_sources as (

    select source_name
    from {{ source('landing', 'sources') }}
    where billed_by is null or billed_by = ''

),

-- A holder may stand in several rows, of one price or of several: their number tells them apart.
own_seats as (

    select
        seats.*,
        row_number() over (
            partition by
                seats.source_name,
                seats.service,
                seats.currency,
                {% for key in allocation_keys() -%}
                seats.{{ key }},
                {% endfor -%}
                seats.seat_month
            order by seats.source_file asc nulls last, seats.source_row asc nulls last
        ) as occurrence,
        case
            when seats.assigned = 0 then {{ as_money('0') }}
            else {{ money_product('seats.assigned', 'seats.seat_price', 0, 18) }}
        end as cost
    from seats
    inner join unbilled_sources
        on seats.source_name = unbilled_sources.source_name

),

-- Seats that no bill covers cost what their price says, whether anybody used them or not.
int_seat_lines as (

    select
        {{ row_key([
            "'seats'", 'own_seats.source_name', 'own_seats.service', 'own_seats.currency',
            'own_seats.seat_month', 'own_seats.occurrence',
        ] + allocation_keys()) }} as charge_id,
        own_seats.source_name,
        own_seats.load_id,
        own_seats.source_file,
        {{ text('null') }} as invoice_id,
        {{ text('null') }} as invoice_issuer_name,
        own_seats.service as service_provider_name,
        own_seats.service as host_provider_name,
        {{ text('null') }} as billing_account_id,
        {{ text('null') }} as sub_account_id,
        {{ text('null') }} as sub_account_name,
        {{ text('null') }} as region_id,
        {{ text('null') }} as resource_id,
        {{ text('null') }} as resource_name,
        own_seats.service as service_name,
        {{ text('null') }} as service_category,
        {{ text('null') }} as sku_id,
        {{ text('null') }} as sku_price_id,
        {{ text('null') }} as sku_meter,
        {{ text('null') }} as model,
        'Purchase' as charge_category,
        {{ text('null') }} as charge_class,
        'Modelled seats' as charge_description,
        'Standard' as pricing_category,
        'subscription' as pricing_model,
        'Seats' as pricing_unit,
        'Seats' as consumed_unit,
        own_seats.currency as billing_currency,
        {{ text('null') }} as commitment_discount_id,
        {{ text('null') }} as commitment_discount_status,
        {{ json_of_keys('own_seats', allocation_keys()) }} as tags,
        {{ text('null') }} as ledger_category,
        'modelled' as evidence_level,
        own_seats.source_row,
        {{ as_money('own_seats.assigned') }} as pricing_quantity,
        {{ as_money('own_seats.assigned') }} as consumed_quantity,
        {{ as_money('null') }} as billed_cost,
        {{ as_money('own_seats.cost') }} as effective_cost,
        {{ as_money('null') }} as contracted_cost,
        {{ as_money('own_seats.cost') }} as list_cost,
        {{ day_start('own_seats.seat_month') }} as charge_period_start,
        {{ day_start(next_month_start('own_seats.seat_month')) }} as charge_period_end,
        {{ day_start('own_seats.seat_month') }} as billing_period_start,
        cast(null as {{ date_type() }}) as adjusts_period,
        {{ focus_columns({
            'charge_frequency': "'Recurring'",
            'billing_period_end': day_start(next_month_start('own_seats.seat_month')),
        }) }}
    from own_seats

)

select * from int_seat_lines
