{# 64 bits: dbt's own type_int is 32 bits on DuckDB and overflows on token counts. #}
{% macro bigint_type() -%}
    {{ return(adapter.dispatch('bigint_type', 'twinledger')()) }}
{%- endmacro %}

{% macro default__bigint_type() -%}
    bigint
{%- endmacro %}

{% macro bigquery__bigint_type() -%}
    int64
{%- endmacro %}
