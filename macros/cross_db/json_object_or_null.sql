{# The text where it is a JSON object, else null: a stranger's tags may be anything, and JSON
   functions raise on it. A number of many digits does not make it none: BigQuery rounds it. #}
{% macro json_object_or_null(text) -%}
    {{ return(adapter.dispatch('json_object_or_null', 'twinledger')(text)) }}
{%- endmacro %}

{% macro default__json_object_or_null(text) -%}
    case when json_valid({{ text }}) then case when json_type({{ text }}) = 'OBJECT' then {{ text }} end end
{%- endmacro %}

{% macro bigquery__json_object_or_null(text) -%}
    if(json_type(safe.parse_json({{ text }}, wide_number_mode => 'round')) = 'object', {{ text }}, null)
{%- endmacro %}
