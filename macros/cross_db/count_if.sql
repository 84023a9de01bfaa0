{# Rows for which a condition is true, as a 64-bit number. #}
{% macro count_if(condition) -%}
    cast(sum(case when {{ condition }} then 1 else 0 end) as {{ bigint_type() }})
{%- endmacro %}
