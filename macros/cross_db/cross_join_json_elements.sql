{# One row an element of the list under one key of a JSON object held as text, as JSON text; none
   where there is no list. #}
{% macro cross_join_json_elements(json, key, column) -%}
    {{ return(adapter.dispatch('cross_join_json_elements', 'twinledger')(json, key, column)) }}
{%- endmacro %}

{% macro default__cross_join_json_elements(json, key, column) -%}
    cross join unnest(cast(json_extract({{ json }}, '$."{{ key }}"[*]') as varchar[])) as {{ column }}_list ({{ column }})
{%- endmacro %}

{% macro bigquery__cross_join_json_elements(json, key, column) -%}
    cross join unnest(json_query_array({{ json }}, '$."{{ key }}"')) as {{ column }}
{%- endmacro %}
