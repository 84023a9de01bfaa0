{# A sum of whole numbers as a 64-bit number: DuckDB gives a 128-bit one. #}
{% macro sum_bigint(expression) -%}
    cast(sum({{ expression }}) as {{ bigint_type() }})
{%- endmacro %}
