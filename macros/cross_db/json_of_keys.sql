{# A JSON object, as text, of those columns that hold something; null where none does.
   BigQuery's JSON objects keep no order of their keys: there the text is put together. #}
{% macro json_of_keys(relation, keys) -%}
    {{ return(adapter.dispatch('json_of_keys', 'twinledger')(relation, keys)) }}
{%- endmacro %}

{% macro default__json_of_keys(relation, keys) -%}
    nullif(cast(json_merge_patch('{}', json_object(
        {%- for key in keys %}'{{ key }}', {{ relation }}.{{ key }}{{ ', ' if not loop.last }}{% endfor -%}
    )) as varchar), '{}')
{%- endmacro %}

{% macro bigquery__json_of_keys(relation, keys) -%}
    nullif('{' || substr(
        {%- for key in keys %}
        if({{ relation }}.{{ key }} is null, '', ',"{{ key }}":' || to_json_string({{ relation }}.{{ key }}))
        {{- ' || ' if not loop.last }}
        {%- endfor %}, 2) || '}', '{}')
{%- endmacro %}
