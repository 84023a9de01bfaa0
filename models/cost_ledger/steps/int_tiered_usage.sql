{{ config(materialized='view') }}

with

prices as (

    select
        price_key,
        token_class,
        basis,
        price_id
    from {{ ref('int_token_prices') }}
    where is_tiered

),

quantities as (

    select
        rated_usage_id,
        token_usage_id,
        price_key,
        token_class,
        source_name,
        quantity,
        usage_date
    from {{ ref('int_token_quantities') }}
    where service_tier not in {{ tiers_paid_apart() }} and quantity <> 0

),

sources as (

    select
        source_name,
        coalesce(nullif(billed_by, ''), source_name) as bill_source_name
    from {{ source('landing', 'sources') }}

),

logged_report_days as (

    select
        source_name,
        usage_date
    from {{ ref('int_logged_report_days') }}

),

-- A volume is counted over what one bill covers. What a vendor's report counts again beside a log
-- is a volume of its own.
int_tiered_usage as (

    select
        quantities.rated_usage_id,
        prices.basis,
        prices.price_id,
        sources.bill_source_name,
        quantities.token_class,
        quantities.quantity,
        sum(quantities.quantity) over (
            partition by
                sources.bill_source_name,
                logged_report_days.source_name,
                {{ month_start('quantities.usage_date') }},
                prices.basis,
                prices.price_id
            order by
                quantities.usage_date asc nulls last,
                quantities.rated_usage_id asc nulls last
            rows between unbounded preceding and current row
        ) as quantity_so_far,
        logged_report_days.source_name is not null as is_in_request_log,
        {{ month_start('quantities.usage_date') }} as month_start
    from quantities
    inner join prices
        on
            quantities.price_key = prices.price_key
            and quantities.token_class = prices.token_class
    inner join sources
        on quantities.source_name = sources.source_name
    left join logged_report_days
        on
            quantities.source_name = logged_report_days.source_name
            and quantities.usage_date = logged_report_days.usage_date

)

select * from int_tiered_usage
