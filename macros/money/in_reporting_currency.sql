{# An amount in the reporting currency: itself where it is in that currency, by the day's rate
   otherwise, null without a rate. Exact to 18 decimals for rates of 9: the first 9 decimals of the
   amount and what is left of it are multiplied apart, since one product would need 27 decimals
   beside the digits before the point. #}
{% macro in_reporting_currency(amount, currency, rate) -%}
    case
        when {{ currency }} = {{ reporting_currency() }} then {{ amount }}
        else
            {{ money_product(amount, rate, 9, 9) }}
            + {{ money_product(as_money(amount ~ ' - ' ~ as_factor(amount, 9)), rate, 18, 9) }}
    end
{%- endmacro %}
