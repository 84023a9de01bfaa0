{# As json_text, for a key that is a column: BigQuery takes no computed JSON path. What holds an
   object or a list is no text: null. #}
{% macro json_key(json, key) -%}
    {{ return(adapter.dispatch('json_key', 'twinledger')(json, key)) }}
{%- endmacro %}

{% macro default__json_key(json, key) -%}
    {%- set path = "'$.\"' || " ~ key ~ " || '\"'" -%}
    case
        when json_type({{ json }}, {{ path }}) not in ('OBJECT', 'ARRAY')
            then json_extract_string({{ json }}, {{ path }})
    end
{%- endmacro %}

{% macro bigquery__json_key(json, key) -%}
    json_value(parse_json({{ json }}, wide_number_mode => 'round')[{{ key }}])
{%- endmacro %}
