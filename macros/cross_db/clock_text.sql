{# The time of day of a moment, UTC, as text that sorts by time. #}
{% macro clock_text(moment) -%}
    {{ return(adapter.dispatch('clock_text', 'twinledger')(moment)) }}
{%- endmacro %}

{% macro default__clock_text(moment) -%}
    strftime({{ moment }}, '%H:%M:%S')
{%- endmacro %}

{% macro bigquery__clock_text(moment) -%}
    format_timestamp('%H:%M:%S', {{ moment }}, 'UTC')
{%- endmacro %}
