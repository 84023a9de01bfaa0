with

source as (

    select
        {{ system_columns() }},
        _row_hash as row_hash,
        _adjustment as adjustment,
        _booked_in as booked_in,
        bill_invoice_id,
        bill_invoicing_entity,
        bill_billing_entity,
        bill_payer_account_id,
        line_item_usage_account_id,
        line_item_usage_account_name,
        line_item_line_item_type,
        line_item_usage_type,
        line_item_availability_zone,
        line_item_resource_id,
        line_item_currency_code,
        line_item_line_item_description,
        line_item_legal_entity,
        product_product_name,
        product_region_code,
        product_sku,
        pricing_rate_code,
        pricing_rate_id,
        pricing_term,
        pricing_unit,
        reservation_reservation_a_r_n,
        reservation_subscription_id,
        savings_plan_savings_plan_a_r_n,
        resource_tags,
        line_item_unblended_cost,
        line_item_usage_amount,
        pricing_public_on_demand_cost,
        pricing_public_on_demand_rate,
        reservation_effective_cost,
        reservation_unused_amortized_upfront_fee_for_billing_period,
        reservation_unused_recurring_fee,
        savings_plan_savings_plan_effective_cost,
        savings_plan_total_commitment_to_date,
        savings_plan_used_commitment,
        line_item_usage_start_date,
        line_item_usage_end_date,
        bill_billing_period_start_date,
        bill_billing_period_end_date,
        line_item_product_code
    from {{ source('landing', 'aws_cur') }}

),

named as (

    select
        source.*,
        case
            when source.line_item_line_item_type in ('RIFee', 'SavingsPlanRecurringFee')
                then 'Recurring'
            when source.line_item_line_item_type like '%Fee' then 'One-Time'
            when source.line_item_line_item_type like '%Usage' then 'Usage-Based'
        end as charge_frequency,
        -- A subscription stands on lines at its on-demand price too, which no commitment covers.
        coalesce(
            source.savings_plan_savings_plan_a_r_n,
            source.reservation_reservation_a_r_n,
            case
                when source.line_item_line_item_type in ('DiscountedUsage', 'RIFee', 'Fee')
                    then source.reservation_subscription_id
            end
        ) as commitment_discount_id
    from source

),

stg_aws_cur__charges as (

    select
        source_name,
        load_id,
        source_file,
        row_hash,
        adjustment,
        booked_in,
        bill_invoice_id as invoice_id,
        bill_invoicing_entity as invoice_issuer_name,
        case
            when bill_billing_entity = 'AWS Marketplace' then line_item_legal_entity
            else coalesce(bill_billing_entity, 'AWS')
        end as service_provider_name,
        'AWS' as host_provider_name,
        bill_payer_account_id as billing_account_id,
        line_item_usage_account_id as sub_account_id,
        coalesce(line_item_usage_account_name, line_item_usage_account_id) as sub_account_name,
        product_region_code as region_id,
        line_item_resource_id as resource_id,
        line_item_resource_id as resource_name,
        coalesce(product_product_name, line_item_product_code) as service_name,
        {{ text('null') }} as service_category,
        product_sku as sku_id,
        coalesce(pricing_rate_code, pricing_rate_id) as sku_price_id,
        line_item_usage_type as sku_meter,
        {{ text('null') }} as model,
        case
            when line_item_line_item_type = 'Tax' then 'Tax'
            when line_item_line_item_type in ('Credit', 'Refund') then 'Credit'
            when line_item_line_item_type like '%Fee' then 'Purchase'
            when line_item_line_item_type like '%Discount' then 'Adjustment'
            else 'Usage'
        end as charge_category,
        {{ text('null') }} as charge_class,
        line_item_line_item_description as charge_description,
        case
            when line_item_line_item_type in ('DiscountedUsage', 'SavingsPlanCoveredUsage')
                then 'Committed'
            when line_item_usage_type like '%SpotUsage%' then 'Dynamic'
            when line_item_line_item_type = 'Usage' then 'Standard'
        end as pricing_category,
        case
            when
                line_item_line_item_type = 'DiscountedUsage'
                or line_item_line_item_type = 'RIFee'
                or line_item_line_item_type like 'SavingsPlan%'
                then 'committed'
            when line_item_usage_type like '%SpotUsage%' then 'spot'
        end as pricing_model,
        pricing_unit,
        pricing_unit as consumed_unit,
        line_item_currency_code as billing_currency,
        commitment_discount_id,
        case
            when line_item_line_item_type in ('DiscountedUsage', 'SavingsPlanCoveredUsage')
                then 'Used'
            when line_item_line_item_type in ('RIFee', 'SavingsPlanRecurringFee') then 'Unused'
        end as commitment_discount_status,
        {{ json_object_or_null('resource_tags') }} as tags,
        {{ text('null') }} as ledger_category,
        source_row,
        line_item_usage_amount as pricing_quantity,
        line_item_usage_amount as consumed_quantity,
        line_item_unblended_cost as billed_cost,
        -- What a commitment covers costs its share of it; its fees cost what was not used.
        case
            when line_item_line_item_type = 'SavingsPlanCoveredUsage'
                then savings_plan_savings_plan_effective_cost
            when line_item_line_item_type = 'SavingsPlanRecurringFee'
                then
                    {{ as_money(
                        'savings_plan_total_commitment_to_date - savings_plan_used_commitment'
                    ) }}
            when line_item_line_item_type in ('SavingsPlanNegation', 'SavingsPlanUpfrontFee') then 0
            when line_item_line_item_type = 'DiscountedUsage' then reservation_effective_cost
            when line_item_line_item_type = 'RIFee'
                then
                    {{ as_money(
                        'reservation_unused_amortized_upfront_fee_for_billing_period'
                        ~ ' + reservation_unused_recurring_fee'
                    ) }}
            when
                line_item_line_item_type = 'Fee'
                and coalesce(reservation_reservation_a_r_n, reservation_subscription_id) is not null
                then 0
            else line_item_unblended_cost
        end as effective_cost,
        {{ as_money('null') }} as contracted_cost,
        {{ known_cost(
            'pricing_public_on_demand_cost',
            ['line_item_unblended_cost', 'reservation_effective_cost'],
            is_zero_meant="line_item_line_item_type not in"
            ~ " ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')"
        ) }} as list_cost,
        line_item_usage_start_date as charge_period_start,
        line_item_usage_end_date as charge_period_end,
        bill_billing_period_start_date as billing_period_start,
        {{ focus_columns({
            'billing_account_type': "'Payer Account'",
            'sub_account_type': "'Usage Account'",
            'publisher_name': 'line_item_legal_entity',
            'availability_zone': 'line_item_availability_zone',
            'charge_frequency': 'charge_frequency',
            'pricing_currency': 'line_item_currency_code',
            'commitment_discount_category':
                "case when savings_plan_savings_plan_a_r_n is not null then 'Spend'"
                ~ " when commitment_discount_id is not null then 'Usage' end",
            'commitment_discount_type':
                "case when savings_plan_savings_plan_a_r_n is not null then 'Savings Plan'"
                ~ " when commitment_discount_id is not null then 'Reserved Instance' end",
            'list_unit_price': 'pricing_public_on_demand_rate',
            'billing_period_end': 'bill_billing_period_end_date',
        }) }}
    from named

)

select * from stg_aws_cur__charges
