{# The part of an amount that a weight has in a total: in double, rounded to 12 decimals, back to money; null where the
   total is 0. Shares need not add up to the amount: the largest one takes the remainder. #}
{% macro money_share(amount, weight, total) -%}
    {{ float_as_money(
        as_float(amount) ~ ' * ' ~ as_float(weight) ~ ' / nullif(' ~ as_float(total) ~ ', 0)'
    ) }}
{%- endmacro %}
