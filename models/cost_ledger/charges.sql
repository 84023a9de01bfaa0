{{
    config(
        partition_by=partition_by_day('charge_date'),
        cluster_by=cluster_by_columns(['ledger_category', 'source_name', 'sub_account_id']),
    )
}}

with

lines as (

    select *
    from {{ ref('int_charge_lines') }}

),

rule_categories as (

    select *
    from {{ ref('int_charge_categories') }}

),

pricing_rules as (

    select
        category_key,
        pricing_model,
        first_date,
        next_first_date
    from {{ ref('int_charge_pricing_models') }}

),

transfers as (

    select
        charge_id,
        transfer_kind,
        from_region,
        to_region
    from {{ ref('int_charge_transfers') }}

),

stated_categories as (

    select
        ledger_category,
        lifecycle,
        is_ai
    from {{ ref('ledger_categories') }}

),

rates as (

    select
        from_currency,
        rate,
        rate_date
    from {{ ref('exchange_rates_daily') }}
    where to_currency = {{ reporting_currency() }}

),

charges as (

    select
        lines.charge_id,
        lines.source_name,
        lines.load_id,
        lines.source_file,
        lines.invoice_id,
        lines.invoice_issuer_name,
        lines.service_provider_name,
        lines.host_provider_name,
        lines.billing_account_id,
        lines.sub_account_id,
        lines.sub_account_name,
        lines.region_id,
        lines.resource_id,
        lines.resource_name,
        lines.service_name,
        lines.service_category,
        lines.sku_id,
        lines.sku_price_id,
        lines.sku_meter,
        lines.model,
        lines.charge_category,
        lines.charge_class,
        lines.charge_description,
        lines.pricing_category,
        -- As the bill states it, else as the first matching rule says, else what is usual.
        coalesce(
            lines.pricing_model,
            pricing_rules.pricing_model,
            case
                when lines.charge_category = 'Usage' then 'on_demand'
                when lines.charge_category = 'Purchase' then 'subscription'
                when lines.charge_category = 'Credit' then 'free'
                when lower(lines.pricing_category) in ('standard', 'on-demand') then 'on_demand'
            end
        ) as pricing_model,
        lines.pricing_unit,
        lines.consumed_unit,
        lines.billing_currency,
        lines.commitment_discount_id,
        lines.commitment_discount_status,
        lines.tags,
        -- A bill that states the category itself is believed before any rule.
        coalesce(stated_categories.ledger_category, rule_categories.ledger_category, 'non_ai')
            as ledger_category,
        coalesce(stated_categories.lifecycle, rule_categories.lifecycle, 'not_ai') as lifecycle,
        case when stated_categories.ledger_category is null then rule_categories.rule_id end
            as category_rule_id,
        transfers.transfer_kind as data_transfer_kind,
        transfers.from_region,
        transfers.to_region,
        lines.evidence_level,
        lines.source_row,
        lines.pricing_quantity,
        lines.consumed_quantity,
        lines.billed_cost,
        lines.effective_cost,
        lines.contracted_cost,
        lines.list_cost,
        {{ in_reporting_currency('lines.effective_cost', 'lines.billing_currency', 'rates.rate') }}
            as cost,
        {{ in_reporting_currency('lines.billed_cost', 'lines.billing_currency', 'rates.rate') }}
            as billed_cost_reporting,
        {{ in_reporting_currency('lines.list_cost', 'lines.billing_currency', 'rates.rate') }}
            as list_cost_reporting,
        coalesce(stated_categories.is_ai, rule_categories.is_ai, false) as is_ai,
        coalesce(lines.billing_currency = {{ reporting_currency() }}, false)
        or rates.rate is not null as has_exchange_rate,
        lines.charge_period_start,
        lines.charge_period_end,
        lines.billing_period_start,
        lines.adjusts_period,
        -- A correction of a closed month is booked later, by the rules and rates of its own day.
        case
            when lines.adjusts_period is null then lines.charge_date
            else {{ as_date('lines.billing_period_start') }}
        end as charge_date,
        {{ all_focus_columns('lines') }}
    from lines
    left join stated_categories
        on lines.ledger_category = stated_categories.ledger_category
    left join rule_categories
        on
            lines.category_key = rule_categories.category_key
            and lines.charge_date >= rule_categories.first_date
            and lines.charge_date
            < coalesce(rule_categories.next_first_date, date '9999-12-31')
    left join pricing_rules
        on
            lines.category_key = pricing_rules.category_key
            -- The name of a model is no name of a bill's service.
            and lines.evidence_level <> 'rated'
            and lines.charge_date >= pricing_rules.first_date
            and lines.charge_date < coalesce(pricing_rules.next_first_date, date '9999-12-31')
    left join transfers
        on lines.charge_id = transfers.charge_id
    left join rates
        on
            lines.charge_date = rates.rate_date
            and lines.billing_currency = rates.from_currency

)

select * from charges
