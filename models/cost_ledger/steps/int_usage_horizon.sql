with

job_moments as (

    select
        max({{ day_start(date_add_days(as_date('started_at'), 1)) }})
            as seen_until,
        max(ended_at) as ended_until
    from {{ ref('stg_gpu_jobs__jobs') }}

),

token_moments as (

    select max({{ day_start(date_add_days('usage_date', 1)) }}) as seen_until
    from {{ ref('int_token_usage_days') }}

),

moments as (

    select seen_until from job_moments
    union all
    select ended_until from job_moments
    union all
    select seen_until from token_moments

),

-- Nodes without an end and jobs still running last until the last day that usage speaks of, not
-- until today: the same deliveries give the same hours whenever they are built.
int_usage_horizon as (

    select max(seen_until) as seen_until
    from moments

)

select * from int_usage_horizon
