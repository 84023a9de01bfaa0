with

stg_units__quantities as (

    select
        {{ system_columns() }},
        unit,
        coalesce(entity_type, 'all') as entity_type,
        coalesce(entity, 'all') as entity,
        quantity,
        date as unit_date
    from {{ source('landing', 'units') }}

)

select * from stg_units__quantities
