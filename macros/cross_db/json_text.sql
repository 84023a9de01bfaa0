{# Text of one key of a JSON object held as text; null where there is none. #}
{% macro json_text(json, key) -%}
    {{ return(adapter.dispatch('json_text', 'twinledger')(json, key)) }}
{%- endmacro %}

{% macro default__json_text(json, key) -%}
    json_extract_string({{ json }}, '$."{{ key }}"')
{%- endmacro %}

{% macro bigquery__json_text(json, key) -%}
    json_value({{ json }}, '$."{{ key }}"')
{%- endmacro %}
