{# The part of an amount that falls to one of equal parts, counted from 0: what had fallen to those
   before it is taken from what falls to it and them, so that the parts add up to the amount exactly. #}
{% macro money_part(amount, part, parts) -%}
    {{ as_money(
        'case when ' ~ part ~ ' + 1 = ' ~ parts ~ ' then ' ~ amount
        ~ ' else ' ~ money_share(amount, part ~ ' + 1', parts) ~ ' end - '
        ~ money_share(amount, part, parts)
    ) }}
{%- endmacro %}
