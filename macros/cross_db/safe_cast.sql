{# Null where the text does not fit the type. dbt's own safe_cast raises on DuckDB. #}
{% macro safe_cast(expression, type) -%}
    {{ return(adapter.dispatch('safe_cast', 'twinledger')(expression, type)) }}
{%- endmacro %}

{% macro default__safe_cast(expression, type) -%}
    try_cast({{ expression }} as {{ type }})
{%- endmacro %}

{% macro bigquery__safe_cast(expression, type) -%}
    safe_cast({{ expression }} as {{ type }})
{%- endmacro %}
