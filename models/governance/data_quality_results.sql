with

data_quality_results as (

    select
        dataset,
        source_name,
        load_id,
        check_name,
        severity,
        observed,
        expected,
        detail,
        success,
        run_at
    from {{ source('landing', 'gate_results') }}

)

select * from data_quality_results
