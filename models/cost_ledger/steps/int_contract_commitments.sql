with

listed as (

    select *
    from {{ ref('stg_focus__contract_commitments') }}

),

applications as (

    select *
    from {{ ref('int_contract_applications') }}

),

discounts as (

    select
        provider,
        commitment_id,
        currency
    from {{ ref('int_commitment_discounts') }}

),

applied as (

    select
        provider,
        contract_commitment_id as commitment_id,
        currency,
        max(contract_id) as contract_id,
        sum(applied_cost) as applied_cost,
        sum(applied_quantity) as applied_quantity,
        min(applied_unit) as first_unit,
        max(applied_unit) as last_unit
    from applications
    group by
        provider,
        contract_commitment_id,
        currency

),

billed as (

    select
        provider,
        commitment_id,
        currency
    from applied
    union all
    select
        provider,
        commitment_id,
        currency
    from discounts

),

billed_ids as (

    select
        commitment_id,
        case when min(provider) = max(provider) then max(provider) end as provider,
        case when min(currency) = max(currency) then max(currency) end as currency
    from billed
    group by commitment_id

),

-- FOCUS 1.3 does not say whose contract it is: the bill that names the commitment does.
named as (

    select
        listed.*,
        coalesce(billed_ids.provider, listed.service_provider_name) as provider,
        coalesce(listed.billing_currency, billed_ids.currency) as currency
    from listed
    left join billed_ids
        on listed.contract_commitment_id = billed_ids.commitment_id

),

-- Two lists of one contract: the newer record is right.
ordered as (

    select
        *,
        row_number() over (
            partition by provider, contract_commitment_id, currency
            order by
                contract_commitment_last_updated desc nulls last,
                source_name asc nulls last
        ) as place
    from named

),

agreed as (

    select *
    from ordered
    where place = 1

),

ids as (

    select
        provider,
        contract_commitment_id as commitment_id,
        currency
    from agreed
    union all
    select
        provider,
        commitment_id,
        currency
    from applied

),

int_contract_commitments as (

    select
        ids.provider,
        ids.commitment_id,
        ids.currency,
        max(coalesce(agreed.contract_id, applied.contract_id)) as contract_id,
        max(agreed.contract_commitment_description) as commitment_name,
        max(agreed.contract_commitment_category) as commitment_category,
        max(agreed.contract_commitment_type) as commitment_type,
        max(agreed.contract_commitment_payment_model) as payment_model,
        max(agreed.contract_commitment_lifecycle_status) as lifecycle_status,
        max(agreed.contract_commitment_unit) as commitment_unit,
        max(agreed.contract_commitment_cost) as contract_commitment_cost,
        max(agreed.contract_commitment_quantity) as contract_commitment_quantity,
        max(applied.applied_cost) as applied_cost,
        -- Quantities of another unit than the agreed one meet nothing of it.
        max(
            case
                when
                    applied.first_unit = applied.last_unit
                    and applied.last_unit
                    = coalesce(agreed.contract_commitment_unit, applied.last_unit)
                    then applied.applied_quantity
            end
        ) as applied_quantity,
        max(agreed.contract_commitment_period_start) as agreed_from,
        max(agreed.contract_commitment_period_end) as agreed_until
    from ids
    left join agreed
        on
            ids.commitment_id = agreed.contract_commitment_id
            and coalesce(ids.provider, '') = coalesce(agreed.provider, '')
            and coalesce(ids.currency, '') = coalesce(agreed.currency, '')
    left join applied
        on
            ids.commitment_id = applied.commitment_id
            and coalesce(ids.provider, '') = coalesce(applied.provider, '')
            and coalesce(ids.currency, '') = coalesce(applied.currency, '')
    group by
        ids.provider,
        ids.commitment_id,
        ids.currency

)

select * from int_contract_commitments
