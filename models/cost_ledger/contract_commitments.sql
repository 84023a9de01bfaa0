with

contract_commitments as (

    select
        {{ row_key(['source_name', 'contract_commitment_id']) }} as contract_commitments_id,
        source_name,
        load_id,
        source_file,
        contract_commitment_id,
        contract_id,
        service_provider_name,
        invoice_issuer_name,
        contract_commitment_category,
        contract_commitment_type,
        contract_commitment_description,
        contract_commitment_benefit_category,
        contract_commitment_offer_category,
        contract_commitment_model,
        contract_commitment_applicability,
        contract_commitment_lifecycle_status,
        contract_commitment_duration_type,
        contract_commitment_fulfillment_interval,
        contract_commitment_payment_model,
        contract_commitment_payment_interval,
        contract_commitment_unit,
        billing_currency,
        pricing_currency,
        source_row,
        contract_commitment_cost,
        contract_commitment_quantity,
        contract_commitment_discount_percentage,
        contract_commitment_payment_upfront_percentage,
        pricing_currency_contract_commitment_cost,
        contract_commitment_period_start,
        contract_commitment_period_end,
        contract_period_start,
        contract_period_end,
        contract_commitment_created,
        contract_commitment_last_updated
    from {{ ref('stg_focus__contract_commitments') }}

)

select * from contract_commitments
