{# 64 bits: dbt's own type_float is 32 bits on DuckDB. #}
{% macro float_type() -%}
    {{ return(adapter.dispatch('float_type', 'twinledger')()) }}
{%- endmacro %}

{% macro default__float_type() -%}
    double
{%- endmacro %}

{% macro bigquery__float_type() -%}
    float64
{%- endmacro %}
