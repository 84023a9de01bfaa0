{{ config(materialized='view') }}

with

lines as (

    select *
    from {{ ref('int_charge_lines') }}
    where evidence_level <> 'rated'

),

capacity_rules as (

    select *
    from {{ ref('int_charge_pricing_models') }}
    where capacity_unit is not null

),

known as (

    select
        lines.*,
        capacity_rules.capacity_unit,
        case
            when lines.adjusts_period is null then lines.charge_date
            else {{ as_date('lines.billing_period_start') }}
        end as first_date,
        coalesce(lines.charge_period_end, lines.charge_period_start) as ends_at,
        -- What was bought for later, and what was reserved and not deployed, serves nothing.
        coalesce(lines.commitment_discount_status, '') <> 'Unused'
        and not (lines.charge_category = 'Purchase' and coalesce(lines.effective_cost, 0) = 0)
        and lines.charge_category in ('Usage', 'Purchase') as is_capacity
    from lines
    inner join capacity_rules
        on
            lines.category_key = capacity_rules.category_key
            and lines.charge_date >= capacity_rules.first_date
            and lines.charge_date < coalesce(capacity_rules.next_first_date, date '9999-12-31')

),

-- What is billed for capacity that was bought as a whole, whatever pricing model a reservation
-- gave it.
int_provisioned_charges as (

    select
        charge_id,
        source_name,
        service_provider_name as provider,
        resource_id as deployment_id,
        resource_name as deployment_name,
        model,
        capacity_unit,
        billing_currency as currency,
        billed_cost,
        effective_cost,
        case
            when not is_capacity then {{ as_money('0') }}
            when lower(consumed_unit) like '%hour%' then consumed_quantity
            when lower(pricing_unit) like '%hour%' then pricing_quantity
            when lower(pricing_unit) like '%month%'
                then {{ money_share(
                    'pricing_quantity', micros_between('charge_period_start', 'ends_at'), 3600000000
                ) }}
        end as capacity_unit_hours,
        first_date,
        -- A charge that ends at midnight has no part in that day. A correction of a closed month
        -- stands on the day on which it is booked.
        case
            when adjusts_period is not null then 1
            else greatest(
                {{ days_between('first_date', as_date('ends_at')) }}
                + case when ends_at = {{ day_start(as_date('ends_at')) }} then 0 else 1 end,
                1
            )
        end as days
    from known

)

select * from int_provisioned_charges
