{# One row a key of a JSON object held as text; an empty or missing object gives none. #}
{% macro cross_join_json_keys(json, column) -%}
    {{ return(adapter.dispatch('cross_join_json_keys', 'twinledger')(json, column)) }}
{%- endmacro %}

{% macro default__cross_join_json_keys(json, column) -%}
    cross join unnest(json_keys({{ json }})) as {{ column }}_list ({{ column }})
{%- endmacro %}

{% macro bigquery__cross_join_json_keys(json, column) -%}
    cross join unnest(json_keys(parse_json({{ json }}, wide_number_mode => 'round'), 1)) as {{ column }}
{%- endmacro %}
