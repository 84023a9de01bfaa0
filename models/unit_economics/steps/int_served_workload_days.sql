with

self_hosted_days as (

    select
        workload,
        tokens,
        usage_date
    from {{ ref('int_self_hosted_days') }}
    where workload is not null

),

int_served_workload_days as (

    select
        workload,
        usage_date
    from self_hosted_days
    group by workload, usage_date
    -- Several models share a workload's cost: all of them must have been counted.
    having count(tokens) = count(*)

)

select * from int_served_workload_days
