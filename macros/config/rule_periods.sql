{# The body of a CTE: the times between changes of a set of dated rules, usually one. #}
{% macro rule_periods(rules) -%}
    select
        first_date,
        lead(first_date) over (order by first_date asc nulls last) as next_first_date
    from (
        select valid_from as first_date from {{ rules }} where valid_from is not null
        union all
        select {{ date_add_days('valid_to', 1) }} as first_date from {{ rules }} where valid_to is not null
        union all
        select date '1900-01-01' as first_date
    ) as rule_days
    group by first_date
{%- endmacro %}
