with

source as (

    select
        {{ system_columns() }},
        product_transfer_type,
        product_from_region_code,
        product_to_region_code
    from {{ source('landing', 'aws_cur') }}

),

-- A row that corrects a closed month stands there twice: as it was billed and as it is reversed.
rows_once as (

    select
        source_name,
        load_id,
        source_file,
        source_row,
        product_transfer_type,
        product_from_region_code,
        product_to_region_code
    from source
    group by
        source_name,
        load_id,
        source_file,
        source_row,
        product_transfer_type,
        product_from_region_code,
        product_to_region_code

),

-- Of what comes in from another region, AWS calls the region that receives and meters it `from`.
directed as (

    select
        source_name,
        load_id,
        source_file,
        source_row,
        case
            when product_transfer_type = 'InterRegion Inbound' then product_to_region_code
            else product_from_region_code
        end as from_region_id,
        case
            when product_transfer_type = 'InterRegion Inbound' then product_from_region_code
            else product_to_region_code
        end as to_region_id
    from rows_once

),

stg_aws_cur__transfers as (

    select
        source_name,
        load_id,
        source_file,
        source_row,
        from_region_id,
        to_region_id
    from directed
    where from_region_id is not null or to_region_id is not null

)

select * from stg_aws_cur__transfers
