with

source as (

    select
        {{ system_columns() }},
        _row_hash as row_hash,
        _adjustment as adjustment,
        _booked_in as booked_in,
        billing_account_id,
        invoice_month,
        cost_type,
        currency,
        service_description,
        sku_id,
        sku_description,
        project_id,
        project_name,
        location_region,
        location_location,
        resource_name,
        resource_global_name,
        usage_unit,
        usage_pricing_unit,
        seller_name,
        labels,
        credits,
        cost,
        cost_at_list,
        usage_amount,
        usage_amount_in_pricing_units,
        price_effective_price,
        usage_start_time,
        usage_end_time
    from {{ source('landing', 'gcp_billing') }}

),

places as (

    select
        source.*,
        {{ unnested('credit_place') }} as credit_place
    from source
    {{ cross_join_json_keys('source.credits', 'credit_place') }}

),

credits as (

    select
        places.*,
        {{ json_member('places.credits', 'places.credit_place') }} as credit
    from places

),

credited as (

    select
        credits.*,
        {{ json_text('credits.credit', 'type') }} as credit_type,
        {{ safe_cast(json_text('credits.credit', 'amount'), money_type()) }} as credit_amount
    from credits

),

-- Cost is gross; each of its credits is a charge of its own, with the amount that it takes off.
stg_gcp_billing__charges as (

    select
        source_name,
        load_id,
        source_file,
        row_hash,
        adjustment,
        booked_in,
        {{ text('null') }} as invoice_id,
        'Google' as invoice_issuer_name,
        coalesce(seller_name, 'Google') as service_provider_name,
        'Google' as host_provider_name,
        billing_account_id,
        project_id as sub_account_id,
        project_name as sub_account_name,
        coalesce(location_region, location_location) as region_id,
        resource_global_name as resource_id,
        resource_name,
        service_description as service_name,
        {{ text('null') }} as service_category,
        sku_id,
        {{ text('null') }} as sku_price_id,
        sku_description as sku_meter,
        {{ text('null') }} as model,
        case
            when cost_type = 'tax' then 'Tax'
            when cost_type in ('adjustment', 'rounding_error') then 'Adjustment'
            else 'Usage'
        end as charge_category,
        {{ text('null') }} as charge_class,
        sku_description as charge_description,
        case
            when lower(sku_description) like 'spot %' or lower(sku_description) like 'preemptible %'
                then 'Dynamic'
        end as pricing_category,
        case
            when lower(sku_description) like 'spot %' or lower(sku_description) like 'preemptible %'
                then 'spot'
        end as pricing_model,
        usage_pricing_unit as pricing_unit,
        usage_unit as consumed_unit,
        currency as billing_currency,
        {{ text('null') }} as commitment_discount_id,
        {{ text('null') }} as commitment_discount_status,
        {{ json_object_or_null('labels') }} as tags,
        {{ text('null') }} as ledger_category,
        source_row,
        usage_amount_in_pricing_units as pricing_quantity,
        usage_amount as consumed_quantity,
        cost as billed_cost,
        cost as effective_cost,
        {{ as_money('null') }} as contracted_cost,
        {{ known_cost('cost_at_list', ['cost'], is_zero_meant="cost_type <> 'regular'") }}
            as list_cost,
        usage_start_time as charge_period_start,
        usage_end_time as charge_period_end,
        {{ day_start(period_day('period')) }} as billing_period_start,
        {{ focus_columns({
            'billing_account_type': "'Billing Account'",
            'sub_account_type': "'Project'",
            'publisher_name': 'seller_name',
            'contracted_unit_price': 'price_effective_price',
            'billing_period_end': day_start(next_month_start(period_day('period'))),
        }) }}
    from source
    union all
    select
        source_name,
        load_id,
        source_file,
        {{ row_key(['row_hash', 'credit_place']) }} as row_hash,
        adjustment,
        booked_in,
        {{ text('null') }} as invoice_id,
        'Google' as invoice_issuer_name,
        coalesce(seller_name, 'Google') as service_provider_name,
        'Google' as host_provider_name,
        billing_account_id,
        project_id as sub_account_id,
        project_name as sub_account_name,
        coalesce(location_region, location_location) as region_id,
        resource_global_name as resource_id,
        resource_name,
        service_description as service_name,
        {{ text('null') }} as service_category,
        sku_id,
        {{ text('null') }} as sku_price_id,
        sku_description as sku_meter,
        {{ text('null') }} as model,
        'Credit' as charge_category,
        {{ text('null') }} as charge_class,
        coalesce(
            {{ json_text('credit', 'full_name') }},
            {{ json_text('credit', 'name') }}
        ) as charge_description,
        {{ text('null') }} as pricing_category,
        case
            when credit_type like 'COMMITTED_USAGE%' then 'committed'
            when credit_type in ('FREE_TIER', 'PROMOTION') then 'free'
            -- A lower price for what is paid as it is used, no credit that runs out.
            when credit_type in ('DISCOUNT', 'SUSTAINED_USAGE_DISCOUNT', 'RESELLER_MARGIN')
                then 'on_demand'
            when credit_type in ('SUBSCRIPTION_BENEFIT', 'FEE_UTILIZATION_OFFSET') then 'committed'
        end as pricing_model,
        usage_pricing_unit as pricing_unit,
        usage_unit as consumed_unit,
        currency as billing_currency,
        case
            when credit_type like 'COMMITTED_USAGE%' then {{ json_text('credit', 'id') }}
        end as commitment_discount_id,
        {{ text('null') }} as commitment_discount_status,
        {{ json_object_or_null('labels') }} as tags,
        {{ text('null') }} as ledger_category,
        source_row,
        {{ as_money('null') }} as pricing_quantity,
        {{ as_money('null') }} as consumed_quantity,
        credit_amount as billed_cost,
        credit_amount as effective_cost,
        {{ as_money('null') }} as contracted_cost,
        {{ as_money('null') }} as list_cost,
        usage_start_time as charge_period_start,
        usage_end_time as charge_period_end,
        {{ day_start(period_day('period')) }} as billing_period_start,
        {{ focus_columns({
            'billing_account_type': "'Billing Account'",
            'sub_account_type': "'Project'",
            'publisher_name': 'seller_name',
            'commitment_discount_category':
                "case when credit_type like 'COMMITTED_USAGE%DOLLAR_BASE' then 'Spend'"
                ~ " when credit_type like 'COMMITTED_USAGE%' then 'Usage' end",
            'commitment_discount_type':
                "case when credit_type like 'COMMITTED_USAGE%' then 'Committed use discount' end",
            'billing_period_end': day_start(next_month_start(period_day('period'))),
        }) }}
    from credited

)

select * from stg_gcp_billing__charges
