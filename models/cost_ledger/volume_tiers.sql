with

steps as (

    select *
    from {{ ref('int_volume_steps') }}
    where basis = 'reported' and not is_in_request_log

),

totals as (

    select
        bill_source_name,
        price_id,
        {{ as_money('sum(cost)') }} as month_cost,
        max(case when is_next then unit_price end) as marginal_unit_price,
        month_start
    from steps
    group by bill_source_name, price_id, month_start

),

volume_tiers as (

    select
        {{ row_key([
            'steps.bill_source_name', 'steps.price_id', text('steps.month_start'), 'steps.step_number',
        ]) }} as volume_tier_id,
        steps.bill_source_name as source_name,
        steps.price_id,
        steps.provider,
        steps.model,
        steps.token_class,
        steps.service_tier,
        steps.geography,
        steps.currency,
        steps.price_kind,
        steps.tier_mode,
        steps.step_number,
        steps.quantity_from,
        steps.quantity_to,
        steps.unit_price,
        steps.quantity,
        steps.cost,
        steps.month_quantity,
        totals.month_cost,
        totals.marginal_unit_price,
        {{ float_as_money(divide('totals.month_cost', 'steps.month_quantity')) }}
            as average_unit_price,
        steps.is_reached,
        steps.month_start
    from steps
    inner join totals
        on
            steps.bill_source_name = totals.bill_source_name
            and steps.price_id = totals.price_id
            and steps.month_start = totals.month_start

)

select * from volume_tiers
