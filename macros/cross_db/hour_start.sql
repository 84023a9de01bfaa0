{# The full hour a moment lies in. #}
{% macro hour_start(moment) -%}
    {{ return(adapter.dispatch('hour_start', 'twinledger')(moment)) }}
{%- endmacro %}

{% macro default__hour_start(moment) -%}
    date_trunc('hour', {{ moment }})
{%- endmacro %}

{% macro bigquery__hour_start(moment) -%}
    timestamp_trunc({{ moment }}, hour)
{%- endmacro %}
