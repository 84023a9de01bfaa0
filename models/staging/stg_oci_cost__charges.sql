with

source as (

    select
        {{ system_columns() }},
        _row_hash as row_hash,
        _adjustment as adjustment,
        _booked_in as booked_in,
        line_item_reference_no,
        line_item_tenant_id,
        product_service,
        product_compartment_id,
        product_compartment_name,
        product_region,
        product_resource_id,
        product_availability_domain,
        product_description,
        cost_product_sku,
        cost_currency_code,
        cost_billing_unit_readable,
        cost_sku_unit_description,
        tags,
        cost_my_cost,
        cost_unit_price,
        usage_billed_quantity,
        line_item_is_correction,
        line_item_interval_usage_start,
        line_item_interval_usage_end
    from {{ source('landing', 'oci_cost') }}

),

stg_oci_cost__charges as (

    select
        source_name,
        load_id,
        source_file,
        row_hash,
        adjustment,
        booked_in,
        {{ text('null') }} as invoice_id,
        'Oracle' as invoice_issuer_name,
        'Oracle' as service_provider_name,
        'Oracle' as host_provider_name,
        line_item_tenant_id as billing_account_id,
        product_compartment_id as sub_account_id,
        product_compartment_name as sub_account_name,
        product_region as region_id,
        product_resource_id as resource_id,
        product_resource_id as resource_name,
        product_service as service_name,
        {{ text('null') }} as service_category,
        cost_product_sku as sku_id,
        {{ text('null') }} as sku_price_id,
        product_description as sku_meter,
        {{ text('null') }} as model,
        'Usage' as charge_category,
        case when line_item_is_correction then 'Correction' end as charge_class,
        product_description as charge_description,
        {{ text('null') }} as pricing_category,
        {{ text('null') }} as pricing_model,
        cost_sku_unit_description as pricing_unit,
        cost_billing_unit_readable as consumed_unit,
        cost_currency_code as billing_currency,
        {{ text('null') }} as commitment_discount_id,
        {{ text('null') }} as commitment_discount_status,
        {{ json_object_or_null('tags') }} as tags,
        {{ text('null') }} as ledger_category,
        source_row,
        usage_billed_quantity as pricing_quantity,
        usage_billed_quantity as consumed_quantity,
        cost_my_cost as billed_cost,
        cost_my_cost as effective_cost,
        {{ as_money('null') }} as contracted_cost,
        {{ as_money('null') }} as list_cost,
        line_item_interval_usage_start as charge_period_start,
        line_item_interval_usage_end as charge_period_end,
        {{ day_start(period_day('period')) }} as billing_period_start,
        {{ focus_columns({
            'billing_account_type': "'Tenancy'",
            'sub_account_type': "'Compartment'",
            'availability_zone': 'product_availability_domain',
            'charge_frequency': "'Usage-Based'",
            'contracted_unit_price': 'cost_unit_price',
            'billing_period_end': day_start(next_month_start(period_day('period'))),
        }) }}
    from source

)

select * from stg_oci_cost__charges
