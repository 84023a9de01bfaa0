-- A vendor names traffic in the meter of one bill and in the text of another: each rule is asked of
-- both, in the shape of the category rules.
with

transfer_rules as (

    select *
    from {{ ref('data_transfer_rules') }}

),

int_transfer_rules as (

    select
        rule_id,
        priority,
        source_name,
        provider,
        service_pattern,
        text_pattern as sku_pattern,
        {{ text('null') }} as description_pattern,
        {{ text('null') }} as resource_pattern,
        transfer_kind,
        direction,
        other_end,
        from_region_cut,
        to_region_cut,
        valid_from,
        valid_to
    from transfer_rules
    union all
    select
        rule_id,
        priority,
        source_name,
        provider,
        service_pattern,
        {{ text('null') }} as sku_pattern,
        text_pattern as description_pattern,
        {{ text('null') }} as resource_pattern,
        transfer_kind,
        direction,
        other_end,
        from_region_cut,
        to_region_cut,
        valid_from,
        valid_to
    from transfer_rules
    where text_pattern is not null

)

select * from int_transfer_rules
