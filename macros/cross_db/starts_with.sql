{# Whether a text starts with another one. #}
{% macro starts_with(expression, prefix) -%}
    {{ return(adapter.dispatch('starts_with', 'twinledger')(expression, prefix)) }}
{%- endmacro %}

{% macro default__starts_with(expression, prefix) -%}
    starts_with({{ expression }}, {{ prefix }})
{%- endmacro %}
