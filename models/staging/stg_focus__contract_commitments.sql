with

stg_focus__contract_commitments as (

    select
        {{ system_columns() }},
        {{ azure_id('ContractCommitmentId') }} as contract_commitment_id,
        ContractId as contract_id,
        ServiceProviderName as service_provider_name,
        InvoiceIssuerName as invoice_issuer_name,
        ContractCommitmentCategory as contract_commitment_category,
        ContractCommitmentType as contract_commitment_type,
        ContractCommitmentDescription as contract_commitment_description,
        ContractCommitmentBenefitCategory as contract_commitment_benefit_category,
        ContractCommitmentOfferCategory as contract_commitment_offer_category,
        ContractCommitmentModel as contract_commitment_model,
        {{ json_object_or_null('ContractCommitmentApplicability') }}
            as contract_commitment_applicability,
        ContractCommitmentLifecycleStatus as contract_commitment_lifecycle_status,
        ContractCommitmentDurationType as contract_commitment_duration_type,
        ContractCommitmentFulfillmentInterval as contract_commitment_fulfillment_interval,
        ContractCommitmentPaymentModel as contract_commitment_payment_model,
        ContractCommitmentPaymentInterval as contract_commitment_payment_interval,
        ContractCommitmentUnit as contract_commitment_unit,
        BillingCurrency as billing_currency,
        PricingCurrency as pricing_currency,
        ContractCommitmentCost as contract_commitment_cost,
        ContractCommitmentQuantity as contract_commitment_quantity,
        ContractCommitmentDiscountPercentage as contract_commitment_discount_percentage,
        ContractCommitmentPaymentUpfrontPercentage
            as contract_commitment_payment_upfront_percentage,
        PricingCurrencyContractCommitmentCost as pricing_currency_contract_commitment_cost,
        ContractCommitmentPeriodStart as contract_commitment_period_start,
        ContractCommitmentPeriodEnd as contract_commitment_period_end,
        ContractPeriodStart as contract_period_start,
        ContractPeriodEnd as contract_period_end,
        ContractCommitmentCreated as contract_commitment_created,
        ContractCommitmentLastUpdated as contract_commitment_last_updated
    from {{ source('landing', 'focus_contract_commitment') }}

)

select * from stg_focus__contract_commitments
