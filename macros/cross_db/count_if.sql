{# Rows for which a condition is true, as a 64-bit number; 0 where there is no row. #}
{% macro count_if(condition) -%}
    count(case when {{ condition }} then 1 end)
{%- endmacro %}
