{{ config(cluster_by=cluster_by_columns(['provider', 'commitment_id'])) }}

with

discounts as (

    select *
    from {{ ref('int_commitment_discounts') }}

),

contracts as (

    select *
    from {{ ref('int_contract_commitments') }}

),

bills as (

    select
        service_provider_name as provider,
        min(charge_period_start) as billed_from,
        max(charge_period_end) as billed_until,
        max(charge_date) as as_of_date
    from {{ ref('charges') }}
    where
        evidence_level = 'billed'
        and charge_category = 'Usage'
    group by service_provider_name

),

named as (

    select
        provider,
        commitment_id,
        currency
    from discounts
    union all
    select
        provider,
        commitment_id,
        currency
    from contracts

),

ids as (

    select
        provider,
        commitment_id,
        currency
    from named
    group by
        provider,
        commitment_id,
        currency

),

joined as (

    select
        ids.provider,
        ids.commitment_id,
        ids.currency,
        contracts.contract_id,
        coalesce(discounts.commitment_name, contracts.commitment_name) as commitment_name,
        coalesce(contracts.commitment_category, discounts.commitment_category)
            as commitment_category,
        coalesce(contracts.commitment_type, discounts.commitment_type) as commitment_type,
        contracts.payment_model,
        contracts.lifecycle_status,
        contracts.commitment_unit,
        contracts.contract_commitment_cost,
        contracts.contract_commitment_quantity,
        contracts.applied_cost,
        contracts.applied_quantity,
        case when discounts.has_purchases then discounts.purchased_cost end as purchased_cost,
        case when discounts.has_coverage then discounts.used_cost end as used_cost,
        case when discounts.has_coverage then discounts.unused_cost end as unused_cost,
        -- Bought, and nothing of it told yet: nothing of it is gone.
        case
            when discounts.has_purchases
                then discounts.purchased_cost - discounts.used_cost - discounts.unused_cost
        end as unamortized_cost,
        discounts.commitment_id is not null as is_commitment_discount,
        coalesce(discounts.has_purchases, false) as has_purchases,
        discounts.bought_from,
        discounts.bought_until,
        discounts.covered_from,
        coalesce(contracts.agreed_from, discounts.bought_from) as starts_at,
        coalesce(contracts.agreed_until, discounts.paid_upfront_until) as expires_at,
        bills.billed_from,
        bills.billed_until,
        bills.as_of_date
    from ids
    left join discounts
        on
            ids.commitment_id = discounts.commitment_id
            and coalesce(ids.provider, '') = coalesce(discounts.provider, '')
            and coalesce(ids.currency, '') = coalesce(discounts.currency, '')
    left join contracts
        on
            ids.commitment_id = contracts.commitment_id
            and coalesce(ids.provider, '') = coalesce(contracts.provider, '')
            and coalesce(ids.currency, '') = coalesce(contracts.currency, '')
    left join bills
        on coalesce(ids.provider, '') = coalesce(bills.provider, '')

),

classified as (

    select
        *,
        case
            when not is_commitment_discount then null
            when not has_purchases or unamortized_cost is null then 'unknown'
            when unamortized_cost = 0 then 'balanced'
            -- Bought before the bills that landed begin: a part of the purchase is not in them.
            when
                starts_at < bought_from and starts_at < billed_from
                or covered_from < bought_from
                then 'unknown'
            when billed_until is null or billed_until < bought_until then 'open'
            else 'unbalanced'
        end as balance_status,
        {{ days_between(as_date('starts_at'), as_date('expires_at')) }} as term_days,
        {{ days_between(as_date('starts_at'), 'as_of_date') }} + 1 as elapsed_days,
        {{ days_between('as_of_date', as_date('expires_at')) }} - 1 as days_to_expiry
    from joined

),

commitments as (

    select
        {{ row_key(['provider', 'commitment_id', 'currency']) }} as commitments_id,
        provider,
        commitment_id,
        contract_id,
        commitment_name,
        commitment_category,
        commitment_type,
        payment_model,
        lifecycle_status,
        balance_status,
        commitment_unit,
        currency,
        {{ as_money('contract_commitment_cost') }} as contract_commitment_cost,
        {{ as_money('contract_commitment_quantity') }} as contract_commitment_quantity,
        {{ as_money('applied_cost') }} as applied_cost,
        {{ as_money('applied_quantity') }} as applied_quantity,
        {{ as_money('contract_commitment_cost - applied_cost') }} as remaining_cost,
        {{ as_money('contract_commitment_quantity - applied_quantity') }} as remaining_quantity,
        case
            when commitment_category = 'Usage'
                then {{ divide('applied_quantity', 'contract_commitment_quantity') }}
            else {{ divide('applied_cost', 'contract_commitment_cost') }}
        end as fulfillment_share,
        {{ as_money('purchased_cost') }} as purchased_cost,
        {{ as_money('used_cost') }} as used_commitment_cost,
        {{ as_money('unused_cost') }} as unused_commitment_cost,
        {{ as_money('unamortized_cost') }} as unamortized_cost,
        {{ divide('used_cost', 'used_cost + unused_cost') }} as commitment_utilization,
        case
            when term_days is null then null
            when elapsed_days <= 0 then {{ as_float('0') }}
            when elapsed_days >= term_days then {{ as_float('1') }}
            else {{ divide('elapsed_days', 'term_days') }}
        end as elapsed_share,
        cast(days_to_expiry as {{ bigint_type() }}) as days_to_expiry,
        is_commitment_discount,
        starts_at,
        expires_at,
        as_of_date
    from classified

)

select * from commitments
