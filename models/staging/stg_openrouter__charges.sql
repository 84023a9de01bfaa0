with

source as (

    select
        {{ system_columns() }},
        workspace_id,
        api_key_name,
        user_id,
        model_permaslug as model,
        provider,
        data_region,
        currency,
        usage as cost,
        case when is_byok then 'own_key' else 'standard' end as service_tier,
        {{ as_date('created_at') }} as charge_date
    from {{ source('landing', 'openrouter_activity') }}

),

-- One line a day for what is told apart: a charge for each generation would say no more, and cost
-- a warehouse.
days as (

    select
        source_name,
        load_id,
        source_file,
        workspace_id,
        api_key_name,
        user_id,
        model,
        provider,
        data_region,
        currency,
        service_tier,
        -- The record itself, where it is but one.
        case when count(*) = 1 then min(source_row) end as source_row,
        {{ as_money('sum(cost)') }} as cost,
        charge_date
    from source
    group by
        source_name,
        load_id,
        source_file,
        workspace_id,
        api_key_name,
        user_id,
        model,
        provider,
        data_region,
        currency,
        service_tier,
        charge_date

),

tagged as (

    select
        days.*,
        {{ json_of_keys('days', ['workspace_id', 'api_key_name']) }} as tags
    from days

),

-- What OpenRouter charged is its bill: for a key of one's own, its fee alone. What the vendor
-- behind it charges such a key is that vendor's bill, and never added.
stg_openrouter__charges as (

    select
        source_name,
        load_id,
        source_file,
        {{ row_key([
            text('charge_date'), 'workspace_id', 'api_key_name', 'user_id', 'model', 'data_region',
            'currency', 'service_tier',
        ]) }} as row_hash,
        cast(null as {{ bigint_type() }}) as adjustment,
        cast(null as {{ date_type() }}) as booked_in,
        {{ text('null') }} as invoice_id,
        provider as invoice_issuer_name,
        provider as service_provider_name,
        provider as host_provider_name,
        {{ text('null') }} as billing_account_id,
        workspace_id as sub_account_id,
        workspace_id as sub_account_name,
        lower(data_region) as region_id,
        {{ text('null') }} as resource_id,
        {{ text('null') }} as resource_name,
        'OpenRouter' as service_name,
        {{ text('null') }} as service_category,
        model as sku_id,
        {{ text('null') }} as sku_price_id,
        {{ text('null') }} as sku_meter,
        model,
        'Usage' as charge_category,
        {{ text('null') }} as charge_class,
        case when service_tier = 'own_key' then 'Fee for an own key' else 'Generations' end
            as charge_description,
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
        {{ day_start('charge_date') }} as charge_period_start,
        {{ day_start(date_add_days('charge_date', 1)) }} as charge_period_end,
        {{ day_start(month_start('charge_date')) }} as billing_period_start,
        {{ focus_columns({
            'sub_account_type': "'Workspace'",
            'charge_frequency': "'Usage-Based'",
            'billing_period_end': day_start(next_month_start('charge_date')),
        }) }}
    from tagged

)

select * from stg_openrouter__charges
