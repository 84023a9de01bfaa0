{# First day of a date's month, as a date: DuckDB's date_trunc may give a timestamp. #}
{% macro month_start(day) -%}
    {{ return(adapter.dispatch('month_start', 'twinledger')(day)) }}
{%- endmacro %}

{% macro default__month_start(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}

{% macro bigquery__month_start(day) -%}
    date_trunc({{ day }}, month)
{%- endmacro %}
