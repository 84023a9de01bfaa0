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
        ledger_category,
        lifecycle,
        is_ai,
        valid_from,
        valid_to
    from {{ ref('category_rules') }}

),

-- Days on which the set of valid rules changes: usually none, so that there is one period.
rule_days as (

    select valid_from as first_date from rules where valid_from is not null
    union all
    select {{ date_add_days('valid_to', 1) }} as first_date from rules where valid_to is not null
    union all
    select date '1900-01-01' as first_date

),

rule_starts as (

    select first_date
    from rule_days
    group by first_date

),

rule_periods as (

    select
        first_date,
        lead(first_date) over (order by first_date asc nulls last) as next_first_date
    from rule_starts

),

-- Rules are asked once for each kind of line, not for each line.
kinds as (

    select
        category_key,
        source_name,
        service_provider_name,
        service_name,
        service_category,
        sku_id,
        sku_price_id,
        sku_meter,
        charge_description,
        resource_id,
        resource_name
    from {{ ref('int_charge_lines') }}
    group by
        category_key,
        source_name,
        service_provider_name,
        service_name,
        service_category,
        sku_id,
        sku_price_id,
        sku_meter,
        charge_description,
        resource_id,
        resource_name

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
            and (rules.source_name is null or rules.source_name = kinds.source_name)
            and {{ like_pattern('kinds.service_provider_name', 'rules.provider_pattern') }}
            -- A service is known by its name, or by the category FOCUS gives it.
            and (
                {{ like_pattern('kinds.service_name', 'rules.service_pattern') }}
                or {{ like_pattern('kinds.service_category', 'rules.service_pattern') }}
            )
            and (
                {{ like_pattern('kinds.sku_id', 'rules.sku_pattern') }}
                or {{ like_pattern('kinds.sku_meter', 'rules.sku_pattern') }}
                or {{ like_pattern('kinds.sku_price_id', 'rules.sku_pattern') }}
            )
            and {{ like_pattern('kinds.charge_description', 'rules.description_pattern') }}
            and (
                {{ like_pattern('kinds.resource_id', 'rules.resource_pattern') }}
                or {{ like_pattern('kinds.resource_name', 'rules.resource_pattern') }}
            )

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
