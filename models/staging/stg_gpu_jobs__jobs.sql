with

stg_gpu_jobs__jobs as (

    select
        {{ system_columns() }},
        job,
        gpu_model,
        node,
        state,
        kind,
        owner,
        queue,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        gpus,
        -- No fraction given: the job has its GPUs to itself.
        coalesce(gpu_fraction, 1) as gpu_fraction,
        started_at,
        ended_at
    from {{ source('landing', 'gpu_jobs') }}

)

select * from stg_gpu_jobs__jobs
