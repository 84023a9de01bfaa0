{# Any decimal as money: 18 decimals, rounded half away from zero. Decimal scales add up in a
   product: cast back after each step. #}
{% macro as_money(expression) -%}
    {{ return(adapter.dispatch('as_money', 'twinledger')(expression)) }}
{%- endmacro %}

{% macro default__as_money(expression) -%}
    cast({{ expression }} as {{ money_type() }})
{%- endmacro %}

{% macro bigquery__as_money(expression) -%}
    round(cast({{ expression }} as {{ money_type() }}), 18)
{%- endmacro %}
