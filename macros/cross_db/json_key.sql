{# As json_text, for a key that is a column: BigQuery takes no computed JSON path. #}
{% macro json_key(json, key) -%}
    {{ return(adapter.dispatch('json_key', 'twinledger')(json, key)) }}
{%- endmacro %}

{% macro default__json_key(json, key) -%}
    json_extract_string({{ json }}, '$."' || {{ key }} || '"')
{%- endmacro %}

{% macro bigquery__json_key(json, key) -%}
    json_value(parse_json({{ json }})[{{ key }}])
{%- endmacro %}
