{# A calendar day, UTC. #}
{% macro date_type() -%}
    {{ return(adapter.dispatch('date_type', 'twinledger')()) }}
{%- endmacro %}

{% macro default__date_type() -%}
    date
{%- endmacro %}
