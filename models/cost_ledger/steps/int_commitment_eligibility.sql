with

{{ first_fitting_rules(ref('commitment_eligibility_rules'), ['is_eligible']) }},

int_commitment_eligibility as (

    select
        category_key,
        rule_id,
        is_eligible,
        first_date,
        next_first_date
    from first_fits

)

select * from int_commitment_eligibility
