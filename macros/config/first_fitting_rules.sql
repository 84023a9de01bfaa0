{# The CTEs up to `first_fits`: what the first rule that fits says of a kind of charge. One row per kind
   (int_charge_kinds) and time between changes of the rules, where one fits.

   Args:
       rules: relation of rules in the shape of the seed category_rules; an empty pattern fits all.
       columns: what the rules say.
       told: further column → SQL over the CTEs `kinds` and `rules`. #}
{% macro first_fitting_rules(rules, columns, told={}) -%}
rules as (

    select
        rule_id,
        priority,
        source_name,
        {%- for name in ['provider', 'service', 'sku', 'description', 'resource'] %}
        lower({{ name if name == 'provider' else name ~ '_pattern' }}) as {{ name }}_pattern,
        {%- endfor %}
        {{ columns | join(',\n        ') }},
        valid_from,
        valid_to
    from {{ rules }}

),

rule_periods as (

    {{ rule_periods('rules') }}

),

kinds as (

    select
        *,
        coalesce(source_name, '') as source_text,
        lower(coalesce(service_provider_name, '')) as provider_text,
        lower(coalesce(service_name, '')) as service_text,
        lower(coalesce(service_category, '')) as service_category_text
    from {{ ref('int_charge_kinds') }}

),

services as (

    select
        source_text,
        provider_text,
        service_text,
        service_category_text
    from kinds
    group by source_text, provider_text, service_text, service_category_text

),

-- Services are few: most rules fall away before a kind is asked for its texts.
service_rules as (

    select
        services.source_text,
        services.provider_text,
        services.service_text,
        services.service_category_text,
        rules.rule_id,
        rules.priority,
        rules.sku_pattern,
        rules.description_pattern,
        rules.resource_pattern,
        {%- for column in columns %}
        rules.{{ column }},
        {%- endfor %}
        rules.valid_from,
        rules.valid_to
    from services
    inner join rules
        on
            (rules.source_name is null or services.source_text = rules.source_name)
            and {{ like_pattern('services.provider_text', 'rules.provider_pattern') }}
            -- A service is known by its name, or by the category FOCUS gives it.
            and (
                {{ like_pattern('services.service_text', 'rules.service_pattern') }}
                or {{ like_pattern('services.service_category_text', 'rules.service_pattern') }}
            )

),

fits as (

    select
        kinds.category_key,
        rules.rule_id,
        {%- for column in columns %}
        rules.{{ column }},
        {%- endfor %}
        {%- for column, expression in told.items() %}
        {{ expression }} as {{ column }},
        {%- endfor %}
        rule_periods.first_date,
        rule_periods.next_first_date,
        row_number() over (
            partition by kinds.category_key, rule_periods.first_date
            order by
                rules.priority asc nulls last,
                rules.rule_id asc nulls last,
                rules.description_pattern asc nulls first
        ) as preference
    from kinds
    inner join service_rules as rules
        on
            kinds.source_text = rules.source_text
            and kinds.provider_text = rules.provider_text
            and kinds.service_text = rules.service_text
            and kinds.service_category_text = rules.service_category_text
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
    inner join rule_periods
        on {{ valid_on('rule_periods.first_date', 'rules') }}

),

first_fits as (

    select *
    from fits
    where preference = 1

)
{%- endmacro %}
