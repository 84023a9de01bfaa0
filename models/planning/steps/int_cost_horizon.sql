{{ config(access='protected') }}

with

costs_daily as (

    select charge_date
    from {{ ref('costs_daily') }}

),

-- A month is closed when the newest day of cost is its last day or later.
int_cost_horizon as (

    select
        max(charge_date) as newest_cost_date,
        {{ month_start(date_add_days('max(charge_date)', 1)) }} as first_open_month
    from costs_daily

)

select * from int_cost_horizon
