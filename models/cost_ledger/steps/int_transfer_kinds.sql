{# What the rule's pattern fits, where it has one. #}
{% set named_by %}
case
            when rules.description_pattern is not null then kinds.charge_description
            when {{ like_pattern('kinds.sku_meter', 'rules.sku_pattern') }} then kinds.sku_meter
            when {{ like_pattern('kinds.sku_id', 'rules.sku_pattern') }} then kinds.sku_id
            else kinds.sku_price_id
        end
{%- endset %}

with

{{ first_fitting_rules(
    ref('int_transfer_rules'),
    ['transfer_kind', 'direction', 'other_end', 'from_region_cut', 'to_region_cut'],
    {'named_by': named_by},
) }},

region_names as (

    select
        lower(region_name) as region_name,
        region_id
    from {{ ref('region_names') }}

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
    from first_fits

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
