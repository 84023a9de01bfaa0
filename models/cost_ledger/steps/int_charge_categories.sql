-- What moves data stands in rules of its own, which say more of it than the category.
with

category_rules as (

    select
        rule_id,
        priority,
        source_name,
        provider,
        service_pattern,
        sku_pattern,
        description_pattern,
        resource_pattern,
        ledger_category,
        lifecycle,
        is_ai,
        valid_from,
        valid_to
    from {{ ref('category_rules') }}
    union all
    select
        rule_id,
        priority,
        source_name,
        provider,
        service_pattern,
        sku_pattern,
        description_pattern,
        resource_pattern,
        'data_transfer' as ledger_category,
        'not_ai' as lifecycle,
        false as is_ai,
        valid_from,
        valid_to
    from {{ ref('int_transfer_rules') }}

),

{{ first_fitting_rules('category_rules', ['ledger_category', 'lifecycle', 'is_ai']) }},

int_charge_categories as (

    select
        category_key,
        rule_id,
        ledger_category,
        lifecycle,
        is_ai,
        first_date,
        next_first_date
    from first_fits

)

select * from int_charge_categories
