{# The part of an amount that a weight has in a total: in double, rounded to 12 decimals, back to money; null where the
   total is 0. Shares need not add up to the amount: the largest one takes the remainder. #}
{% macro money_share(amount, weight, total) -%}
    {%- set share -%}
        cast({{ amount }} as {{ float_type() }}) * cast({{ weight }} as {{ float_type() }})
        / nullif(cast({{ total }} as {{ float_type() }}), 0)
    {%- endset -%}
    {# Through a decimal of 12 places: a double cast to 18 would carry its binary noise into the last six. #}
    {{ as_money(as_factor('round(' ~ share ~ ', 12)', 12)) }}
{%- endmacro %}
