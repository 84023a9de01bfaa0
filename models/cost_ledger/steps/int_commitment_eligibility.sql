with

rules as (

    select
        rule_id,
        priority,
        source_name,
        lower(provider) as provider_pattern,
        lower(service_pattern) as service_pattern,
        lower(sku_pattern) as sku_pattern,
        lower(description_pattern) as description_pattern,
        lower(resource_pattern) as resource_pattern,
        is_eligible,
        valid_from,
        valid_to
    from {{ ref('commitment_eligibility_rules') }}

),

rule_periods as (

    {{ rule_periods('rules') }}

),

kinds as (

    select *
    from {{ ref('int_charge_kinds') }}

),

candidates as (

    select
        kinds.category_key,
        rule_periods.first_date,
        rule_periods.next_first_date,
        rules.rule_id,
        rules.is_eligible,
        row_number() over (
            partition by kinds.category_key, rule_periods.first_date
            order by rules.priority asc nulls last, rules.rule_id asc nulls last
        ) as preference
    from kinds
    cross join rule_periods
    inner join rules
        on
            {{ valid_on('rule_periods.first_date', 'rules') }}
            and {{ matches_kind('kinds', 'rules') }}

),

int_commitment_eligibility as (

    select
        category_key,
        rule_id,
        is_eligible,
        first_date,
        next_first_date
    from candidates
    where preference = 1

)

select * from int_commitment_eligibility
