{# The JSON text under one key of a JSON object held as text; the key is a column. #}
{% macro json_member(json, key) -%}
    {{ return(adapter.dispatch('json_member', 'twinledger')(json, key)) }}
{%- endmacro %}

{% macro default__json_member(json, key) -%}
    json_extract_string({{ json }}, '$."' || {{ key }} || '"')
{%- endmacro %}

{% macro bigquery__json_member(json, key) -%}
    to_json_string(parse_json({{ json }}, wide_number_mode => 'round')[{{ key }}])
{%- endmacro %}
