{# A moment in UTC. DuckDB keeps it without a zone, the session runs in UTC. #}
{% macro timestamp_type() -%}
    {{ return(adapter.dispatch('timestamp_type', 'twinledger')()) }}
{%- endmacro %}

{% macro default__timestamp_type() -%}
    timestamp
{%- endmacro %}
