{# Any number as money. Decimal scales add up in a product: cast back after each step. #}
{% macro as_money(expression) -%}
    cast({{ expression }} as {{ money_type() }})
{%- endmacro %}
