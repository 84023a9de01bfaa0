{# The column of cross_join_json_keys or cross_join_numbers, qualified: BigQuery names the value
   itself. #}
{% macro unnested(column) -%}
    {{ return(adapter.dispatch('unnested', 'twinledger')(column)) }}
{%- endmacro %}

{% macro default__unnested(column) -%}
    {{ column }}_list.{{ column }}
{%- endmacro %}

{% macro bigquery__unnested(column) -%}
    {{ column }}
{%- endmacro %}
