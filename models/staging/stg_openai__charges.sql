with

source as (

    select
        {{ system_columns() }},
        result_id,
        provider,
        project_id,
        api_key_id,
        line_item,
        amount_value,
        amount_currency,
        quantity,
        quantity_unit,
        start_time,
        end_time
    from {{ source('landing', 'openai_reports') }}
    where report = 'costs'

),

tagged as (

    select
        source.*,
        {{ json_of_keys('source', ['project_id', 'api_key_id']) }} as tags,
        -- 'priority | gpt-5.2, output, long context' and 'gpt-audio-mini audio, cached input': the
        -- tier stands before the model, the modality behind it.
        regexp_replace(
            regexp_replace(
                regexp_replace(source.line_item, '^[^|]*[|] ', ''), ', .*$', ''
            ),
            ' (text|audio|image)$', ''
        ) as named
    from source

),

stg_openai__charges as (

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
        project_id as sub_account_id,
        project_id as sub_account_name,
        {{ text('null') }} as region_id,
        {{ text('null') }} as resource_id,
        {{ text('null') }} as resource_name,
        'OpenAI API' as service_name,
        {{ text('null') }} as service_category,
        line_item as sku_id,
        {{ text('null') }} as sku_price_id,
        {{ text('null') }} as sku_meter,
        -- Costs name a model only in their line item. Names have no blanks, as those of tools have;
        -- a name alone is a model's where it has a version.
        case
            when named not like '% %' and (
                line_item like '%, %'
                or named like '%-%' and regexp_replace(named, '[0-9]', '') <> named
            ) then named
        end as model,
        'Usage' as charge_category,
        {{ text('null') }} as charge_class,
        line_item as charge_description,
        'Standard' as pricing_category,
        {{ text('null') }} as pricing_model,
        quantity_unit as pricing_unit,
        quantity_unit as consumed_unit,
        amount_currency as billing_currency,
        {{ text('null') }} as commitment_discount_id,
        {{ text('null') }} as commitment_discount_status,
        tags,
        {{ text('null') }} as ledger_category,
        source_row,
        quantity as pricing_quantity,
        quantity as consumed_quantity,
        amount_value as billed_cost,
        amount_value as effective_cost,
        {{ as_money('null') }} as contracted_cost,
        {{ as_money('null') }} as list_cost,
        start_time as charge_period_start,
        end_time as charge_period_end,
        {{ day_start(month_start(as_date('start_time'))) }} as billing_period_start,
        {{ focus_columns({
            'sub_account_type': "'Project'",
            'charge_frequency': "'Usage-Based'",
            'billing_period_end': day_start(next_month_start(as_date('start_time'))),
        }) }}
    from tagged

)

select * from stg_openai__charges
