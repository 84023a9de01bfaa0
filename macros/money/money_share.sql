{# The part of an amount that a weight has in a total: in double, rounded to 12 decimals, back to
   money; null where the total is 0. Shares need not add up to the amount: the largest one takes the
   remainder. #}
{% macro money_share(amount, weight, total) -%}
    cast(
        round(
            cast({{ amount }} as {{ float_type() }}) * cast({{ weight }} as {{ float_type() }})
            / nullif(cast({{ total }} as {{ float_type() }}), 0), 12
        ) as {{ money_type() }}
    )
{%- endmacro %}
