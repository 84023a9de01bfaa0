with

charges as (

    select
        charge_id,
        service_provider_name as provider,
        billing_currency as currency,
        commitment_discount_id,
        charge_category,
        {{ json_numbers_as_text('contract_applied') }} as contract_applied
    from {{ ref('charges') }}
    where contract_applied is not null

),

elements as (

    select
        charges.charge_id,
        charges.provider,
        charges.currency,
        charges.commitment_discount_id,
        charges.charge_category,
        {{ unnested('element') }} as element
    from charges
    {{ cross_join_json_elements('charges.contract_applied', 'Elements', 'element') }}

),

applied as (

    select
        charge_id,
        provider,
        -- FOCUS 1.3 wrote ID before its correction.
        coalesce(
            {{ json_text('element', 'ContractId') }},
            {{ json_text('element', 'ContractID') }}
        ) as contract_id,
        {{ azure_id(
            'coalesce(' ~ json_text('element', 'ContractCommitmentId') ~ ', '
            ~ json_text('element', 'ContractCommitmentID') ~ ')'
        ) }} as contract_commitment_id,
        currency,
        {{ json_text('element', 'ContractCommitmentAppliedUnit') }} as applied_unit,
        {{ as_money(safe_cast(
            json_text('element', 'ContractCommitmentAppliedCost'), money_type()
        )) }} as applied_cost,
        {{ as_money(safe_cast(
            json_text('element', 'ContractCommitmentAppliedQuantity'), money_type()
        )) }} as applied_quantity,
        commitment_discount_id,
        charge_category
    from elements

),

int_contract_applications as (

    select
        charge_id,
        provider,
        contract_id,
        contract_commitment_id,
        currency,
        applied_unit,
        applied_cost,
        applied_quantity
    from applied
    where
        contract_commitment_id is not null
        -- What buys a commitment does not meet it: the usage that it covers will.
        and not coalesce(
            charge_category = 'Purchase' and commitment_discount_id = contract_commitment_id, false
        )

)

select * from int_contract_applications
