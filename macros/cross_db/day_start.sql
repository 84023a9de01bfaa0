{# The first moment of a date, UTC: BigQuery's cast would take the project's default time zone. #}
{% macro day_start(day) -%}
    {{ return(adapter.dispatch('day_start', 'twinledger')(day)) }}
{%- endmacro %}

{% macro default__day_start(day) -%}
    cast({{ day }} as {{ timestamp_type() }})
{%- endmacro %}

{% macro bigquery__day_start(day) -%}
    timestamp({{ day }}, 'UTC')
{%- endmacro %}
