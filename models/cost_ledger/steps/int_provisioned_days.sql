with

charges as (

    select *
    from {{ ref('int_provisioned_charges') }}

),

-- Capacity that is billed by the month serves on all its days: only here is a charge spread.
parts as (

    select
        charges.*,
        {{ unnested('day_number') }} as day_number
    from charges
    {{ cross_join_numbers('charges.days - 1', 'day_number') }}

),

int_provisioned_days as (

    select
        source_name,
        provider,
        deployment_id,
        max(deployment_name) as deployment_name,
        model,
        capacity_unit,
        currency,
        sum({{ money_part('billed_cost', 'day_number', 'days') }}) as billed_cost,
        sum({{ money_part('effective_cost', 'day_number', 'days') }}) as effective_cost,
        -- Unknown as soon as one part is.
        case
            when {{ count_if('capacity_unit_hours is null') }} = 0
                then sum({{ money_part('capacity_unit_hours', 'day_number', 'days') }})
        end as capacity_unit_hours,
        {{ date_add_days('first_date', 'day_number') }} as charge_date
    from parts
    group by
        source_name,
        provider,
        deployment_id,
        model,
        capacity_unit,
        currency,
        {{ date_add_days('first_date', 'day_number') }}

)

select * from int_provisioned_days
