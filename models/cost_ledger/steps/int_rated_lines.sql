{{ config(materialized='view') }}

with

usage_days as (

    select *
    from {{ ref('token_usage_daily') }}

),

unbilled_sources as (

    select
        source_name,
        dataset in {{ token_datasets('vendors') }} as is_vendor_report
    from {{ source('landing', 'sources') }}
    where billed_by is null or billed_by = ''

),

vendor_charges as (

    select
        source_name,
        charge_period_start
    from {{ ref('stg_openai__charges') }}
    union all
    select
        source_name,
        charge_period_start
    from {{ ref('stg_anthropic__charges') }}
    union all
    select
        source_name,
        charge_period_start
    from {{ ref('stg_openrouter__charges') }}

),

vendor_bill_days as (

    select
        source_name,
        {{ as_date('charge_period_start') }} as bill_date
    from vendor_charges
    group by source_name, {{ as_date('charge_period_start') }}

),

rated_usage as (

    select
        token_usage_id,
        price_id
    from {{ ref('int_rated_usage') }}

),

tiered_prices as (

    select price_id
    from {{ ref('int_volume_steps') }}
    group by price_id

),

tiered_usage as (

    select rated_usage.token_usage_id
    from rated_usage
    inner join tiered_prices
        on rated_usage.price_id = tiered_prices.price_id
    group by rated_usage.token_usage_id

),

-- Usage that no bill covers becomes charges of its own; what a bill covers is in the bill already.
-- A vendor's reports bring their own bill, a day at a time: a day whose costs are not there yet is
-- rated until they are. Servers of one's own have their charges in the GPUs' hours.
int_rated_lines as (

    select
        {{ row_key(["'rated'", 'usage_days.token_usage_id']) }} as charge_id,
        usage_days.source_name as source_name,
        {{ text('null') }} as load_id,
        {{ text('null') }} as source_file,
        {{ text('null') }} as invoice_id,
        {{ text('null') }} as invoice_issuer_name,
        usage_days.provider as service_provider_name,
        usage_days.provider as host_provider_name,
        {{ text('null') }} as billing_account_id,
        usage_days.sub_account_id as sub_account_id,
        usage_days.sub_account_id as sub_account_name,
        usage_days.geography as region_id,
        {{ text('null') }} as resource_id,
        {{ text('null') }} as resource_name,
        usage_days.provider as service_name,
        {{ text('null') }} as service_category,
        usage_days.model as sku_id,
        {{ text('null') }} as sku_price_id,
        {{ text('null') }} as sku_meter,
        usage_days.model as model,
        'Usage' as charge_category,
        {{ text('null') }} as charge_class,
        'Rated token usage' as charge_description,
        'Standard' as pricing_category,
        case
            when usage_days.service_tier in ('provisioned', 'subscription')
                then usage_days.service_tier
            when usage_days.service_tier = 'gateway_cache' then 'free'
            when tiered_usage.token_usage_id is not null then 'tiered'
            else 'on_demand'
        end as pricing_model,
        {% for name in ['pricing_unit', 'consumed_unit'] -%}
        case
            when usage_days.total_tokens = 0 and usage_days.unit is not null then usage_days.unit
            else 'Tokens'
        end as {{ name }},
        {% endfor -%}
        usage_days.currency as billing_currency,
        {{ text('null') }} as commitment_discount_id,
        {{ text('null') }} as commitment_discount_status,
        -- As the bill of that day will be: allocated by what is known of the account, or by usage.
        case
            when not coalesce(unbilled_sources.is_vendor_report, false)
                then {{ json_of_keys('usage_days', allocation_keys()) }}
        end as tags,
        {{ text('null') }} as ledger_category,
        'rated' as evidence_level,
        cast(null as {{ bigint_type() }}) as source_row,
        {% for name in ['pricing_quantity', 'consumed_quantity'] -%}
        case
            when usage_days.total_tokens = 0 and usage_days.unit is not null
                then usage_days.quantity
            else {{ as_money('usage_days.total_tokens') }}
        end as {{ name }},
        {% endfor -%}
        {{ as_money('null') }} as billed_cost,
        usage_days.rated_cost as effective_cost,
        {{ as_money('null') }} as contracted_cost,
        usage_days.rated_cost as list_cost,
        {{ day_start('usage_days.usage_date') }} as charge_period_start,
        {{ day_start(date_add_days('usage_days.usage_date', 1)) }}
            as charge_period_end,
        {{ day_start(month_start('usage_days.usage_date')) }}
            as billing_period_start,
        cast(null as {{ date_type() }}) as adjusts_period,
        {{ focus_columns({
            'charge_frequency': "'Usage-Based'",
            'billing_period_end': day_start(next_month_start('usage_days.usage_date')),
        }) }}
    from usage_days
    inner join unbilled_sources
        on usage_days.source_name = unbilled_sources.source_name
    left join tiered_usage
        on usage_days.token_usage_id = tiered_usage.token_usage_id
    left join vendor_bill_days
        on
            usage_days.source_name = vendor_bill_days.source_name
            and usage_days.usage_date = vendor_bill_days.bill_date
    where
        vendor_bill_days.source_name is null
        and usage_days.service_tier is distinct from 'self_hosted'

)

select * from int_rated_lines
