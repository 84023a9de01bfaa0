with

source as (

    select
        {{ system_columns() }},
        line_item_usage_account_id,
        split_line_item_parent_resource_id,
        resource_tags,
        split_line_item_split_cost,
        split_line_item_unused_cost,
        line_item_usage_start_date
    from {{ source('landing', 'aws_cur') }}
    -- What corrects a closed month is divided as the month was.
    where _adjustment is null

),

stg_aws_cur__splits as (

    select
        source_name,
        load_id,
        source_file,
        source_row,
        line_item_usage_account_id as sub_account_id,
        split_line_item_parent_resource_id as parent_resource_id,
        {{ json_object_or_null('resource_tags') }} as tags,
        split_line_item_split_cost as split_cost,
        split_line_item_unused_cost as unused_cost,
        {{ as_date('line_item_usage_start_date') }} as usage_date
    from source
    where coalesce(split_line_item_parent_resource_id, '') <> ''

)

select * from stg_aws_cur__splits
