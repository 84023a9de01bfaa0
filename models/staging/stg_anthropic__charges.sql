with

source as (

    select
        {{ system_columns() }},
        result_id,
        provider,
        workspace_id,
        model,
        cost_type,
        token_type,
        description,
        -- Amounts come in cents: a hundredth, exact to the last of 18 decimals.
        {{ money_product('amount', '0.01', 16, 2) }} as cost,
        currency,
        starting_at,
        ending_at
    from {{ source('landing', 'anthropic_reports') }}
    where report = 'cost_report'

),

tagged as (

    select
        source.*,
        {{ json_of_keys('source', ['workspace_id']) }} as tags
    from source

),

stg_anthropic__charges as (

    select
        source_name,
        load_id,
        source_file,
        result_id as row_hash,
        cast(null as {{ bigint_type() }}) as adjustment,
        cast(null as {{ date_type() }}) as booked_in,
        {{ text('null') }} as invoice_id,
        provider as invoice_issuer_name,
        provider as service_provider_name,
        provider as host_provider_name,
        {{ text('null') }} as billing_account_id,
        workspace_id as sub_account_id,
        workspace_id as sub_account_name,
        {{ text('null') }} as region_id,
        {{ text('null') }} as resource_id,
        {{ text('null') }} as resource_name,
        'Anthropic API' as service_name,
        {{ text('null') }} as service_category,
        coalesce(model, cost_type) as sku_id,
        {{ text('null') }} as sku_price_id,
        coalesce(token_type, cost_type) as sku_meter,
        model,
        'Usage' as charge_category,
        {{ text('null') }} as charge_class,
        description as charge_description,
        'Standard' as pricing_category,
        {{ text('null') }} as pricing_model,
        {{ text('null') }} as pricing_unit,
        {{ text('null') }} as consumed_unit,
        currency as billing_currency,
        {{ text('null') }} as commitment_discount_id,
        {{ text('null') }} as commitment_discount_status,
        tags,
        {{ text('null') }} as ledger_category,
        source_row,
        {{ as_money('null') }} as pricing_quantity,
        {{ as_money('null') }} as consumed_quantity,
        cost as billed_cost,
        cost as effective_cost,
        {{ as_money('null') }} as contracted_cost,
        {{ as_money('null') }} as list_cost,
        starting_at as charge_period_start,
        ending_at as charge_period_end,
        {{ day_start(month_start(as_date('starting_at'))) }} as billing_period_start,
        {{ focus_columns({
            'sub_account_type': "'Workspace'",
            'charge_frequency': "'Usage-Based'",
            'billing_period_end': day_start(next_month_start(as_date('starting_at'))),
        }) }}
    from tagged

)

select * from stg_anthropic__charges
