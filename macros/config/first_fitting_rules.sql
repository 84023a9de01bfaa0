{# The CTEs up to `first_fits`: what the first rule that fits says of a kind of charge. One row per kind
   (int_charge_kinds) and time between changes of the rules, where one fits.

   Args:
       rules: relation of rules in the shape of the seed category_rules.
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

    select *
    from {{ ref('int_charge_kinds') }}

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
    cross join rule_periods
    inner join rules
        on
            {{ valid_on('rule_periods.first_date', 'rules') }}
            and {{ matches_kind('kinds', 'rules') }}

),

first_fits as (

    select *
    from fits
    where preference = 1

)
{%- endmacro %}
