{{ config(materialized='view') }}

with

closes as (

    select
        {{ period_day('period') }} as month_start,
        is_closed,
        closed_at,
        row_number() over (partition by period order by closed_at desc nulls last) as recency
    from {{ source('landing', 'closes') }}

),

int_closed_months as (

    select
        month_start,
        closed_at
    from closes
    where recency = 1 and is_closed

)

select * from int_closed_months
