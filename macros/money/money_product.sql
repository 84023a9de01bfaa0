{# An exact product as money. The defaults suit a quantity (6 decimals) times a unit price (12: a
   hundredth of the cheapest token). #}
{% macro money_product(quantity, price, quantity_decimals=6, price_decimals=12) -%}
    {{ as_money(as_factor(quantity, quantity_decimals) ~ " * " ~ as_factor(price, price_decimals)) }}
{%- endmacro %}
