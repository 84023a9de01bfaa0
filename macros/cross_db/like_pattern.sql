{# LIKE against a pattern that is a column, in lower case; a null pattern matches all. A backslash is
   a character like any other, as on DuckDB: BigQuery would escape with it. #}
{% macro like_pattern(expression, pattern) -%}
    {{ return(adapter.dispatch('like_pattern', 'twinledger')(expression, pattern)) }}
{%- endmacro %}

{% macro default__like_pattern(expression, pattern) -%}
    ({{ pattern }} is null or lower(coalesce({{ expression }}, '')) like {{ pattern }})
{%- endmacro %}

{% macro bigquery__like_pattern(expression, pattern) -%}
    if(
        {{ pattern }} is null,
        true,
        lower(coalesce({{ expression }}, '')) like replace({{ pattern }}, '\\', '\\\\')
    )
{%- endmacro %}
