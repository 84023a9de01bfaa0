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
        resource_pattern,
        transfer_kind,
        direction,
        other_end,
        from_region_cut,
        to_region_cut,
        valid_from,
        valid_to
    from {{ ref('int_transfer_rules') }}

),

rule_periods as (

    {{ rule_periods('rules') }}

),

kinds as (

    select *
    from {{ ref('int_charge_kinds') }}

),

region_names as (

    select
        lower(region_name) as region_name,
        region_id
    from {{ ref('region_names') }}

),

candidates as (

    select
        kinds.category_key,
        rule_periods.first_date,
        rule_periods.next_first_date,
        rules.rule_id,
        rules.transfer_kind,
        rules.direction,
        rules.other_end,
        rules.from_region_cut,
        rules.to_region_cut,
        -- What the rule's pattern fits, where it has one.
        case
            when rules.description_pattern is not null then kinds.charge_description
            when {{ like_pattern('kinds.sku_meter', 'rules.sku_pattern') }} then kinds.sku_meter
            when {{ like_pattern('kinds.sku_id', 'rules.sku_pattern') }} then kinds.sku_id
            else kinds.sku_price_id
        end as named_by,
        row_number() over (
            partition by kinds.category_key, rule_periods.first_date
            order by
                rules.priority asc nulls last,
                rules.rule_id asc nulls last,
                rules.description_pattern asc nulls first
        ) as preference
    from kinds
    cross join rule_periods
    inner join rules
        on
            {{ valid_on('rule_periods.first_date', 'rules') }}
            and {{ matches_kind('kinds', 'rules') }}

),

named as (

    select
        category_key,
        rule_id,
        transfer_kind,
        direction,
        other_end,
        {{ trimmed(cut_away('named_by', 'from_region_cut')) }} as from_name,
        {{ trimmed(cut_away('named_by', 'to_region_cut')) }} as to_name,
        first_date,
        next_first_date
    from candidates
    where preference = 1

),

int_transfer_kinds as (

    select
        named.category_key,
        named.rule_id,
        named.transfer_kind,
        named.direction,
        named.other_end,
        coalesce(from_regions.region_id, nullif(named.from_name, '')) as from_region,
        coalesce(to_regions.region_id, nullif(named.to_name, '')) as to_region,
        named.first_date,
        named.next_first_date
    from named
    left join region_names as from_regions
        on lower(named.from_name) = from_regions.region_name
    left join region_names as to_regions
        on lower(named.to_name) = to_regions.region_name

)

select * from int_transfer_kinds
