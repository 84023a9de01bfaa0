with

commitment_charges as (

    select *
    from {{ ref('int_commitment_charges') }}

),

int_commitment_discounts as (

    select
        provider,
        commitment_discount_id as commitment_id,
        currency,
        max(commitment_discount_name) as commitment_name,
        max(commitment_discount_category) as commitment_category,
        max(commitment_discount_type) as commitment_type,
        {{ count_if('is_purchase') }} > 0 as has_purchases,
        {{ count_if('commitment_discount_status is not null') }} > 0 as has_coverage,
        {{ whole_sum('billed_cost', 'is_purchase') }} as purchased_cost,
        {{ whole_sum('effective_cost', "commitment_discount_status = 'Used'") }} as used_cost,
        {{ whole_sum('effective_cost', "commitment_discount_status = 'Unused'") }} as unused_cost,
        min(case when is_purchase then charge_period_start end) as bought_from,
        max(case when is_purchase then charge_period_end end) as bought_until,
        -- A payment that recurs covers its own time; one that does not covers the whole term.
        max(
            case when is_purchase and charge_frequency = 'One-Time' then charge_period_end end
        ) as paid_upfront_until,
        min(case when commitment_discount_status is not null then charge_period_start end)
            as covered_from
    from commitment_charges
    group by
        provider,
        commitment_discount_id,
        currency

)

select * from int_commitment_discounts
