with

jobs as (

    select
        gpu_model,
        node,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        gpus,
        gpu_fraction,
        {{ is_preempted_state('state') }} as is_preempted,
        started_at,
        ended_at
    from {{ ref('stg_gpu_jobs__jobs') }}
    where started_at is not null and gpus > 0

),

horizon as (

    select seen_until
    from {{ ref('int_usage_horizon') }}

),

spans as (

    select
        jobs.gpu_model,
        jobs.node,
        jobs.cost_center,
        jobs.team,
        jobs.product,
        jobs.feature,
        jobs.use_case,
        jobs.customer,
        jobs.environment,
        jobs.workload,
        jobs.is_preempted,
        {{ money_product('jobs.gpus', 'jobs.gpu_fraction') }} as gpus,
        jobs.started_at,
        coalesce(jobs.ended_at, horizon.seen_until) as ended_at,
        {{ hour_start('jobs.started_at') }} as first_hour,
        {{ hours_spanned(
            hour_start('jobs.started_at'), hour_start('coalesce(jobs.ended_at, horizon.seen_until)')
        ) }} as last_hour_number
    from jobs
    cross join horizon

),

hours as (

    select
        spans.*,
        {{ add_hours('spans.first_hour', 'hour_number') }} as usage_hour
    from spans
    {{ cross_join_numbers('spans.last_hour_number', 'hour_number') }}

),

shares as (

    select
        *,
        {{ micros_between(
            'case when started_at > usage_hour then started_at else usage_hour end',
            'case when ended_at < ' ~ add_hours('usage_hour', 1)
            ~ ' then ended_at else ' ~ add_hours('usage_hour', 1) ~ ' end'
        ) }} as micros
    from hours

),

int_gpu_job_hours as (

    select
        node as node_id,
        gpu_model,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        sum({{ money_share('gpus', 'micros', 3600000000) }}) as allocated_gpu_hours,
        -- Unknown as soon as one job's end is.
        case
            when {{ count_if('is_preempted is null') }} = 0
                then sum(case
                    when is_preempted then {{ money_share('gpus', 'micros', 3600000000) }}
                    else {{ as_money('0') }}
                end)
        end as preempted_gpu_hours,
        usage_hour,
        {{ as_date('usage_hour') }} as usage_date
    from shares
    where micros > 0
    group by
        node,
        gpu_model,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        usage_hour

)

select * from int_gpu_job_hours
