{# Distinct texts of a group in one text, in the order of what is never null: BigQuery takes no word on nulls here. #}
{% macro list_text(expression, order_by) -%}
    {{ return(adapter.dispatch('list_text', 'twinledger')(expression, order_by)) }}
{%- endmacro %}

{% macro default__list_text(expression, order_by) -%}
    string_agg({{ expression }}, ',' order by {{ order_by }})
{%- endmacro %}
