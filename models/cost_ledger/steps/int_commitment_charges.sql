with

int_commitment_charges as (

    select
        charge_id,
        service_provider_name as provider,
        commitment_discount_id,
        commitment_discount_name,
        commitment_discount_category,
        commitment_discount_type,
        commitment_discount_unit,
        billing_currency as currency,
        charge_category = 'Purchase' as is_purchase,
        charge_frequency,
        commitment_discount_status,
        commitment_discount_quantity,
        billed_cost,
        effective_cost,
        contracted_cost,
        list_cost,
        charge_period_start,
        charge_period_end,
        {{ month_start('charge_date') }} as period_start
    from {{ ref('charges') }}
    where
        evidence_level = 'billed'
        and commitment_discount_id is not null
        -- Taxes, credits and the lines that take back what covered usage bills are neither.
        and (charge_category = 'Purchase' or commitment_discount_status is not null)

)

select * from int_commitment_charges
