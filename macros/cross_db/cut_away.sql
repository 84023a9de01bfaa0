{# A text less every match of a regular expression that is a column. #}
{% macro cut_away(expression, pattern) -%}
    {{ return(adapter.dispatch('cut_away', 'twinledger')(expression, pattern)) }}
{%- endmacro %}

{% macro default__cut_away(expression, pattern) -%}
    regexp_replace({{ expression }}, {{ pattern }}, '', 'g')
{%- endmacro %}

{% macro bigquery__cut_away(expression, pattern) -%}
    regexp_replace({{ expression }}, {{ pattern }}, '')
{%- endmacro %}
