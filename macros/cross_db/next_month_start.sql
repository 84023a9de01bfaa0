{# First day of the month after the one of a date. #}
{% macro next_month_start(day) -%}
    {{ return(adapter.dispatch('next_month_start', 'twinledger')(day)) }}
{%- endmacro %}

{% macro default__next_month_start(day) -%}
    cast(date_trunc('month', {{ day }}) + interval 1 month as date)
{%- endmacro %}

{% macro bigquery__next_month_start(day) -%}
    date_add(date_trunc({{ day }}, month), interval 1 month)
{%- endmacro %}
