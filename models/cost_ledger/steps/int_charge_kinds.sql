-- Rules are asked once for each kind of line, not for each line.
with

int_charge_kinds as (

    select
        category_key,
        source_name,
        service_provider_name,
        service_name,
        service_category,
        sku_id,
        sku_price_id,
        sku_meter,
        charge_description,
        resource_id,
        resource_name
    from {{ ref('int_charge_lines') }}
    group by
        category_key,
        source_name,
        service_provider_name,
        service_name,
        service_category,
        sku_id,
        sku_price_id,
        sku_meter,
        charge_description,
        resource_id,
        resource_name

)

select * from int_charge_kinds
