with

source as (

    select
        {{ system_columns() }},
        _row_hash as row_hash,
        _adjustment as adjustment,
        _booked_in as booked_in,
        InvoiceId as invoice_id,
        InvoiceIssuerName as invoice_issuer_name,
        coalesce(ServiceProviderName, ProviderName, PublisherName) as service_provider_name,
        coalesce(HostProviderName, ProviderName) as host_provider_name,
        BillingAccountId as billing_account_id,
        SubAccountId as sub_account_id,
        SubAccountName as sub_account_name,
        RegionId as region_id,
        {{ azure_id('ResourceId') }} as resource_id,
        ResourceName as resource_name,
        ServiceName as service_name,
        ServiceCategory as service_category,
        SkuId as sku_id,
        SkuPriceId as sku_price_id,
        coalesce(
            SkuMeter,
            {{ json_text('_extra', 'x_SkuMeterName') }},
            {{ json_text('_extra', 'x_UsageType') }}
        ) as sku_meter,
        {{ json_text('_extra', 'x_ModelId') }} as model,
        ChargeCategory as charge_category,
        ChargeClass as charge_class,
        ChargeDescription as charge_description,
        PricingCategory as pricing_category,
        PricingCurrency as pricing_currency,
        PricingUnit as pricing_unit,
        ConsumedUnit as consumed_unit,
        BillingCurrency as billing_currency,
        {{ azure_id('CommitmentDiscountId') }} as commitment_discount_id,
        CommitmentDiscountStatus as commitment_discount_status,
        {{ json_object_or_null('Tags') }} as tags,
        PricingQuantity as pricing_quantity,
        ConsumedQuantity as consumed_quantity,
        BilledCost as billed_cost,
        EffectiveCost as effective_cost,
        ContractedCost as contracted_cost,
        ListCost as list_cost,
        ListUnitPrice as list_unit_price,
        ChargePeriodStart as charge_period_start,
        ChargePeriodEnd as charge_period_end,
        BillingPeriodStart as billing_period_start,
        BillingPeriodEnd as billing_period_end,
        BillingAccountName as billing_account_name,
        BillingAccountType as billing_account_type,
        SubAccountType as sub_account_type,
        PublisherName as publisher_name,
        RegionName as region_name,
        AvailabilityZone as availability_zone,
        ResourceType as resource_type,
        ServiceSubcategory as service_subcategory,
        ChargeFrequency as charge_frequency,
        CommitmentDiscountName as commitment_discount_name,
        CommitmentDiscountCategory as commitment_discount_category,
        CommitmentDiscountType as commitment_discount_type,
        CommitmentDiscountUnit as commitment_discount_unit,
        CapacityReservationId as capacity_reservation_id,
        CapacityReservationStatus as capacity_reservation_status,
        InvoiceDetailId as invoice_detail_id,
        AllocatedMethodId as allocated_method_id,
        AllocatedResourceId as allocated_resource_id,
        AllocatedResourceName as allocated_resource_name,
        {{ json_object_or_null('SkuPriceDetails') }} as sku_price_details,
        {{ json_object_or_null('CommitmentProgramEligibilityDetails') }}
            as commitment_program_eligibility_details,
        {{ json_object_or_null('ContractApplied') }} as contract_applied,
        {{ json_object_or_null('AllocatedMethodDetails') }} as allocated_method_details,
        {{ json_object_or_null('AllocatedTags') }} as allocated_tags,
        ContractedUnitPrice as contracted_unit_price,
        PricingCurrencyListUnitPrice as pricing_currency_list_unit_price,
        PricingCurrencyContractedUnitPrice as pricing_currency_contracted_unit_price,
        PricingCurrencyEffectiveCost as pricing_currency_effective_cost,
        CommitmentDiscountQuantity as commitment_discount_quantity
    from {{ source('landing', 'focus_cost_and_usage') }}

),

stg_focus__charges as (

    select
        source_name,
        load_id,
        source_file,
        row_hash,
        adjustment,
        booked_in,
        invoice_id,
        invoice_issuer_name,
        service_provider_name,
        host_provider_name,
        billing_account_id,
        sub_account_id,
        sub_account_name,
        region_id,
        resource_id,
        resource_name,
        service_name,
        service_category,
        sku_id,
        sku_price_id,
        sku_meter,
        model,
        charge_category,
        charge_class,
        charge_description,
        pricing_category,
        -- What the bill itself tells; where it tells no more, rules and defaults follow.
        case
            when
                commitment_discount_id is not null
                or commitment_discount_status is not null
                or lower(pricing_category) in ('committed', 'commitment-based')
                then 'committed'
            -- Paid beforehand, in money or in a currency of the vendor's own: what was bought for
            -- later, and what is drawn from it.
            when charge_category = 'Purchase' and billed_cost > 0 and effective_cost = 0
                then 'committed'
            when
                charge_category = 'Usage'
                and pricing_currency <> billing_currency
                and billed_cost = 0
                and effective_cost > 0
                then 'committed'
            when lower(pricing_category) in ('dynamic', 'spot') then 'spot'
            when lower(pricing_category) = 'tiered' then 'tiered'
            when
                charge_category = 'Usage'
                and billed_cost = 0
                and (
                    list_unit_price = 0
                    or list_cost > 0 and coalesce(effective_cost, 0) = 0
                )
                then 'free'
        end as pricing_model,
        pricing_unit,
        consumed_unit,
        billing_currency,
        commitment_discount_id,
        commitment_discount_status,
        tags,
        {{ text('null') }} as ledger_category,
        source_row,
        pricing_quantity,
        consumed_quantity,
        billed_cost,
        -- What is bought for later has no cost of its own; of all else a 0 beside a billed cost is
        -- one that the vendor does not tell.
        {{ known_cost(
            'effective_cost', ['billed_cost'], 'charge_category', "charge_category = 'Purchase'"
        ) }} as effective_cost,
        {{ known_cost(
            'contracted_cost', ['billed_cost', 'effective_cost'], 'charge_category',
            "coalesce(commitment_discount_status, 'Used') = 'Unused'"
        ) }} as contracted_cost,
        {{ known_cost(
            'list_cost', ['billed_cost', 'effective_cost'], 'charge_category',
            "coalesce(commitment_discount_status, 'Used') = 'Unused'"
        ) }} as list_cost,
        charge_period_start,
        charge_period_end,
        billing_period_start,
        {{ all_focus_columns() }}
    from source

)

select * from stg_focus__charges
