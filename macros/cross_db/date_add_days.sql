{# A date, some days later. dbt.dateadd gives a timestamp on both engines. #}
{% macro date_add_days(day, days) -%}
    {{ return(adapter.dispatch('date_add_days', 'twinledger')(day, days)) }}
{%- endmacro %}

{% macro default__date_add_days(day, days) -%}
    cast({{ day }} + cast({{ days }} as integer) as date)
{%- endmacro %}

{% macro bigquery__date_add_days(day, days) -%}
    date_add({{ day }}, interval cast({{ days }} as int64) day)
{%- endmacro %}
