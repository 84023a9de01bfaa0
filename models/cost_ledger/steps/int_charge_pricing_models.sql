with

{{ first_fitting_rules(ref('pricing_model_rules'), ['pricing_model', 'capacity_unit']) }},

int_charge_pricing_models as (

    select
        category_key,
        rule_id,
        pricing_model,
        capacity_unit,
        first_date,
        next_first_date
    from first_fits

)

select * from int_charge_pricing_models
