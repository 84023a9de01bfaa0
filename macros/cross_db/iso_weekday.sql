{# Day of the week: 1 on Monday, 7 on Sunday. The engines begin the week on Sunday, DuckDB with 0,
   BigQuery with 1. #}
{% macro iso_weekday(day) -%}
    {{ return(adapter.dispatch('iso_weekday', 'twinledger')(day)) }}
{%- endmacro %}

{% macro default__iso_weekday(day) -%}
    extract(isodow from {{ day }})
{%- endmacro %}

{% macro bigquery__iso_weekday(day) -%}
    (mod(extract(dayofweek from {{ day }}) + 5, 7) + 1)
{%- endmacro %}
