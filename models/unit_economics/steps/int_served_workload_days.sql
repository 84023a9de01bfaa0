with

token_usage as (

    select
        workload,
        total_tokens,
        usage_date
    from {{ ref('token_usage_daily') }}
    where
        service_tier = 'self_hosted'
        and workload is not null

),

int_served_workload_days as (

    select
        workload,
        usage_date
    from token_usage
    group by workload, usage_date
    -- Of a day that was counted in part the cost is not known in part.
    having count(total_tokens) = count(*)

)

select * from int_served_workload_days
