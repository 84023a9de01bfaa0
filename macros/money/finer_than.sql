{# Whether an amount has more than so many decimals. #}
{% macro finer_than(amount, decimals) -%}
    {{ amount }} <> {{ as_money(as_factor(amount, decimals)) }}
{%- endmacro %}
