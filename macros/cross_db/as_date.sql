{# The UTC day of a moment. #}
{% macro as_date(moment) -%}
    {{ return(adapter.dispatch('as_date', 'twinledger')(moment)) }}
{%- endmacro %}

{% macro default__as_date(moment) -%}
    cast({{ moment }} as date)
{%- endmacro %}

{% macro bigquery__as_date(moment) -%}
    date({{ moment }}, 'UTC')
{%- endmacro %}
