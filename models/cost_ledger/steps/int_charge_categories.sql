-- What moves data stands in rules of its own, which say more of it than the category.
with

category_rules as (

    select
        rule_id,
        priority,
        source_name,
        provider,
        service_pattern,
        sku_pattern,
        description_pattern,
        resource_pattern,
        ledger_category,
        lifecycle,
        is_ai,
        valid_from,
        valid_to
    from {{ ref('category_rules') }}
    union all
    select
        rule_id,
        priority,
        source_name,
        provider,
        service_pattern,
        sku_pattern,
        description_pattern,
        resource_pattern,
        'data_transfer' as ledger_category,
        'not_ai' as lifecycle,
        false as is_ai,
        valid_from,
        valid_to
    from {{ ref('int_transfer_rules') }}

),

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
        ledger_category,
        lifecycle,
        is_ai,
        valid_from,
        valid_to
    from category_rules

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
        rules.ledger_category,
        rules.lifecycle,
        rules.is_ai,
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

int_charge_categories as (

    select
        category_key,
        rule_id,
        ledger_category,
        lifecycle,
        is_ai,
        first_date,
        next_first_date
    from candidates
    where preference = 1

)

select * from int_charge_categories
