-- As wide as the usage of all bills, and read once: not kept.
{{ config(materialized='view') }}

with

lines as (

    select
        charge_id,
        load_id,
        category_key,
        service_provider_name as provider,
        service_name,
        billing_currency as currency,
        charge_category,
        pricing_model,
        commitment_discount_id,
        commitment_discount_status,
        commitment_program_eligibility_details is not null as is_told_eligible,
        billed_cost,
        effective_cost,
        contracted_cost,
        list_cost,
        charge_date
    from {{ ref('int_charge_lines') }}
    where
        evidence_level = 'billed'
        and (
            charge_category = 'Usage'
            or commitment_discount_status = 'Unused'
            or charge_category = 'Credit' and pricing_model = 'committed'
        )

),

-- A delivery that tells the eligibility of one line tells it of all: FOCUS 1.4 leaves the column
-- empty where no programme fits.
telling_loads as (

    select load_id
    from lines
    where is_told_eligible
    group by load_id

),

eligibility as (

    select *
    from {{ ref('int_commitment_eligibility') }}

),

int_eligible_usage as (

    select
        lines.charge_id,
        lines.provider,
        lines.service_name,
        lines.currency,
        case
            when lines.charge_category = 'Credit' then 'untold'
            when lines.commitment_discount_status = 'Unused' then 'unused'
            when lines.commitment_discount_id is not null then 'covered'
            else 'uncovered'
        end as coverage,
        case
            -- Whatever is covered was eligible, also where the bill forgets to say so.
            when lines.commitment_discount_id is not null then true
            when lines.is_told_eligible then true
            when telling_loads.load_id is not null then false
            when lines.pricing_model = 'spot' then false
            else eligibility.is_eligible
        end as is_eligible,
        lines.effective_cost,
        lines.contracted_cost,
        lines.list_cost,
        -- What the line weighs where something is not known of it.
        abs(coalesce(lines.effective_cost, lines.list_cost, lines.billed_cost, 0)) as weight,
        lines.charge_date
    from lines
    left join telling_loads
        on lines.load_id = telling_loads.load_id
    left join eligibility
        on
            lines.category_key = eligibility.category_key
            and lines.charge_date >= eligibility.first_date
            and lines.charge_date < coalesce(eligibility.next_first_date, date '9999-12-31')
    -- A line that takes back what covered usage bills is no usage.
    where
        not coalesce(
            lines.commitment_discount_id is not null
            and lines.commitment_discount_status is null
            and lines.effective_cost = 0
            and lines.billed_cost < 0,
            false
        )

)

select * from int_eligible_usage
