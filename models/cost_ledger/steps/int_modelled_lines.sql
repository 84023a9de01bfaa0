{{ config(materialized='view') }}

with

node_days as (

    select
        source_name,
        node_id,
        max(gpu_model) as gpu_model,
        max(currency) as currency,
        sum(node_hours) as node_hours,
        sum(node_cost) as node_cost,
        usage_date
    from {{ ref('int_gpu_node_hours') }}
    group by
        source_name,
        node_id,
        usage_date

),

unbilled_sources as (

    select source_name
    from {{ source('landing', 'sources') }}
    where billed_by is null or billed_by = ''

),

-- Nodes that no bill covers cost what their hours cost by the inventory's price.
int_modelled_lines as (

    select
        {{ row_key([
            "'modelled'", 'node_days.source_name', 'node_days.node_id', 'node_days.usage_date',
        ]) }}
            as charge_id,
        node_days.source_name as source_name,
        {{ text('null') }} as load_id,
        {{ text('null') }} as source_file,
        {{ text('null') }} as invoice_id,
        {{ text('null') }} as invoice_issuer_name,
        {{ text('null') }} as service_provider_name,
        {{ text('null') }} as host_provider_name,
        {{ text('null') }} as billing_account_id,
        {{ text('null') }} as sub_account_id,
        {{ text('null') }} as sub_account_name,
        {{ text('null') }} as region_id,
        node_days.node_id as resource_id,
        node_days.node_id as resource_name,
        'GPU node' as service_name,
        {{ text('null') }} as service_category,
        node_days.gpu_model as sku_id,
        {{ text('null') }} as sku_price_id,
        {{ text('null') }} as sku_meter,
        {{ text('null') }} as model,
        'Usage' as charge_category,
        {{ text('null') }} as charge_class,
        'Modelled GPU node-day' as charge_description,
        'Standard' as pricing_category,
        {{ text('null') }} as pricing_model,
        'Hours' as pricing_unit,
        'Hours' as consumed_unit,
        coalesce(node_days.currency, {{ reporting_currency() }}) as billing_currency,
        {{ text('null') }} as commitment_discount_id,
        {{ text('null') }} as commitment_discount_status,
        {{ text('null') }} as tags,
        {{ text('null') }} as ledger_category,
        'modelled' as evidence_level,
        cast(null as {{ bigint_type() }}) as source_row,
        {{ as_money('node_days.node_hours') }} as pricing_quantity,
        {{ as_money('node_days.node_hours') }} as consumed_quantity,
        {{ as_money('null') }} as billed_cost,
        {{ as_money('node_days.node_cost') }} as effective_cost,
        {{ as_money('null') }} as contracted_cost,
        {{ as_money('node_days.node_cost') }} as list_cost,
        {{ day_start('node_days.usage_date') }} as charge_period_start,
        {{ day_start(date_add_days('node_days.usage_date', 1)) }}
            as charge_period_end,
        {{ day_start(month_start('node_days.usage_date')) }}
            as billing_period_start,
        cast(null as {{ date_type() }}) as adjusts_period,
        {{ focus_columns({
            'charge_frequency': "'Usage-Based'",
            'billing_period_end': day_start(next_month_start('node_days.usage_date')),
        }) }}
    from node_days
    inner join unbilled_sources
        on node_days.source_name = unbilled_sources.source_name

)

select * from int_modelled_lines
