{{ config(materialized='view') }}

with

volumes as (

    select
        bill_source_name,
        basis,
        price_id,
        is_in_request_log,
        {{ as_money('sum(quantity)') }} as month_quantity,
        month_start
    from {{ ref('int_tiered_usage') }}
    group by bill_source_name, basis, price_id, is_in_request_log, month_start

),

steps as (

    select
        *,
        lead(quantity_from) over (
            partition by price_id order by quantity_from asc nulls last
        ) as quantity_to,
        row_number() over (
            partition by price_id order by quantity_from asc nulls last
        ) as step_number
    from {{ ref('int_usable_prices') }}
    where is_tiered

),

reached as (

    select
        volumes.bill_source_name,
        volumes.basis,
        volumes.price_id,
        steps.provider,
        steps.model,
        steps.token_class,
        steps.service_tier,
        steps.geography,
        steps.currency,
        steps.price_kind,
        coalesce(steps.tier_mode, 'graduated') as tier_mode,
        steps.step_number,
        steps.quantity_from,
        steps.quantity_to,
        steps.unit_price,
        volumes.month_quantity,
        volumes.is_in_request_log,
        -- A step begins with the unit after its quantity.
        volumes.month_quantity > steps.quantity_from
        and volumes.month_quantity <= coalesce(steps.quantity_to, volumes.month_quantity)
            as is_reached,
        volumes.month_quantity >= steps.quantity_from
        and coalesce(volumes.month_quantity < steps.quantity_to, true) as is_next,
        volumes.month_start
    from volumes
    inner join steps
        on volumes.price_id = steps.price_id

),

measured as (

    select
        reached.*,
        {{ as_money("""case
            when tier_mode = 'graduated'
                then
                    greatest(
                        least(month_quantity, coalesce(quantity_to, month_quantity)) - quantity_from, 0
                    )
            when is_reached then month_quantity
            else 0
        end""") }} as quantity
    from reached

),

int_volume_steps as (

    select
        measured.*,
        {{ money_product('quantity', 'unit_price', 9, 18) }} as cost
    from measured

)

select * from int_volume_steps
