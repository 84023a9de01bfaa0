with

source as (

    select
        {{ system_columns() }},
        _row_hash as row_hash,
        _adjustment as adjustment,
        _booked_in as booked_in,
        charge_period_start,
        charge_period_end,
        billed_cost,
        effective_cost,
        list_cost,
        currency,
        billing_period,
        invoice_id,
        provider,
        billing_account,
        sub_account,
        service,
        sku,
        resource,
        region,
        description,
        charge_category,
        pricing_model,
        ledger_category,
        quantity,
        unit,
        tags
    from {{ source('landing', 'cost_lines') }}

),

stg_cost_lines__charges as (

    select
        source_name,
        load_id,
        source_file,
        row_hash,
        adjustment,
        booked_in,
        invoice_id,
        provider as invoice_issuer_name,
        provider as service_provider_name,
        provider as host_provider_name,
        billing_account as billing_account_id,
        sub_account as sub_account_id,
        sub_account as sub_account_name,
        region as region_id,
        resource as resource_id,
        resource as resource_name,
        service as service_name,
        {{ text('null') }} as service_category,
        sku as sku_id,
        {{ text('null') }} as sku_price_id,
        {{ text('null') }} as sku_meter,
        {{ text('null') }} as model,
        coalesce(charge_category, 'Usage') as charge_category,
        {{ text('null') }} as charge_class,
        description as charge_description,
        {{ text('null') }} as pricing_category,
        lower(pricing_model) as pricing_model,
        unit as pricing_unit,
        unit as consumed_unit,
        currency as billing_currency,
        {{ text('null') }} as commitment_discount_id,
        {{ text('null') }} as commitment_discount_status,
        {{ json_object_or_null('tags') }} as tags,
        lower(ledger_category) as ledger_category,
        source_row,
        quantity as pricing_quantity,
        quantity as consumed_quantity,
        billed_cost,
        effective_cost,
        {{ as_money('null') }} as contracted_cost,
        list_cost,
        charge_period_start,
        charge_period_end,
        {{ day_start(period_day('period')) }} as billing_period_start,
        {{ focus_columns({
            'billing_period_end': day_start(next_month_start(period_day('period'))),
        }) }}
    from source

)

select * from stg_cost_lines__charges
