{# A full hour as text, alike on both engines (a plain cast is not). #}
{% macro hour_text(moment) -%}
    {{ return(adapter.dispatch('hour_text', 'twinledger')(moment)) }}
{%- endmacro %}

{% macro default__hour_text(moment) -%}
    strftime({{ moment }}, '%Y-%m-%dT%H')
{%- endmacro %}

{% macro bigquery__hour_text(moment) -%}
    format_timestamp('%Y-%m-%dT%H', {{ moment }}, 'UTC')
{%- endmacro %}
