{# The sum of an amount over the rows that meet a condition: 0 where none does, null as soon as the
   amount of one is unknown, since a part would pass for the whole. #}
{% macro whole_sum(amount, condition) -%}
    case
        when {{ count_if('(' ~ condition ~ ') and ' ~ amount ~ ' is null') }} = 0
            then coalesce(sum(case when {{ condition }} then {{ amount }} end), 0)
    end
{%- endmacro %}
