{{ config(cluster_by=cluster_by_columns(['provider', 'commitment_discount_id'])) }}

{% set used = "commitment_discount_status = 'Used'" %}
{% set unused = "commitment_discount_status = 'Unused'" %}

with

commitment_charges as (

    select *
    from {{ ref('int_commitment_charges') }}

),

summed as (

    select
        provider,
        commitment_discount_id,
        currency,
        max(commitment_discount_name) as commitment_discount_name,
        max(commitment_discount_category) as commitment_discount_category,
        max(commitment_discount_type) as commitment_discount_type,
        max(commitment_discount_unit) as commitment_discount_unit,
        {{ count_if('is_purchase') }} > 0 as has_purchases,
        {{ count_if('is_purchase and charge_frequency is null') }} = 0 as has_frequencies,
        {{ count_if('commitment_discount_status is not null') }} > 0 as has_coverage,
        count(commitment_discount_unit) = count(*)
        and min(commitment_discount_unit) = max(commitment_discount_unit) as has_one_unit,
        {{ whole_sum('billed_cost', 'is_purchase') }} as purchased_cost,
        {% for kind, frequency in [('upfront', 'One-Time'), ('recurring', 'Recurring')] -%}
        {{ whole_sum(
            'billed_cost', "is_purchase and charge_frequency = '" ~ frequency ~ "'"
        ) }} as {{ kind }}_cost,
        {% endfor -%}
        {{ whole_sum('effective_cost', used) }} as used_cost,
        {{ whole_sum('effective_cost', unused) }} as unused_cost,
        {{ whole_sum('list_cost', used) }} as list_cost,
        {{ whole_sum('contracted_cost', used) }} as contracted_cost,
        {{ whole_sum('commitment_discount_quantity', 'is_purchase') }} as purchased_quantity,
        {{ whole_sum('commitment_discount_quantity', used) }} as used_quantity,
        {{ whole_sum('commitment_discount_quantity', unused) }} as unused_quantity,
        period_start
    from commitment_charges
    group by
        provider,
        commitment_discount_id,
        currency,
        period_start

),

commitments_monthly as (

    select
        {{ row_key(['provider', 'commitment_discount_id', 'currency', 'period_start']) }}
            as commitments_monthly_id,
        provider,
        commitment_discount_id,
        commitment_discount_name,
        commitment_discount_category,
        commitment_discount_type,
        commitment_discount_unit,
        currency,
        {{ as_money('case when has_purchases then purchased_cost end') }} as purchased_cost,
        {% for kind in ['upfront', 'recurring'] -%}
        {{ as_money('case when has_purchases and has_frequencies then ' ~ kind ~ '_cost end') }}
            as {{ kind }}_cost,
        {% endfor -%}
        {{ as_money('case when has_coverage then used_cost + unused_cost end') }}
            as amortized_cost,
        {{ as_money('case when has_coverage then used_cost end') }} as used_commitment_cost,
        {{ as_money('case when has_coverage then unused_cost end') }} as unused_commitment_cost,
        {{ divide('used_cost', 'used_cost + unused_cost') }} as commitment_utilization,
        {{ as_money('case when has_coverage then list_cost end') }} as covered_list_cost,
        {{ as_money('case when has_coverage then contracted_cost end') }}
            as covered_contracted_cost,
        {{ as_money('case when has_coverage then contracted_cost - used_cost - unused_cost end') }}
            as commitment_saving,
        {{ as_money('case when has_coverage then list_cost - used_cost - unused_cost end') }}
            as total_saving,
        {{ as_money('case when has_purchases and has_one_unit then purchased_quantity end') }}
            as purchased_quantity,
        {{ as_money('case when has_coverage and has_one_unit then used_quantity end') }}
            as used_quantity,
        {{ as_money('case when has_coverage and has_one_unit then unused_quantity end') }}
            as unused_quantity,
        period_start
    from summed

)

select * from commitments_monthly
