with

stg_gpu_nodes__nodes as (

    select
        {{ system_columns() }},
        node,
        gpu_model,
        currency,
        gpus,
        hourly_price,
        available_from,
        available_to
    from {{ source('landing', 'gpu_nodes') }}

)

select * from stg_gpu_nodes__nodes
