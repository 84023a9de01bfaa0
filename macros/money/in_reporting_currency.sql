{# An amount in the reporting currency: itself where it is in that currency, by the day's rate otherwise, null without a
   rate. 10 decimals of the amount and 8 of the rate make an exact product. #}
{% macro in_reporting_currency(amount, currency, rate) -%}
    case
        when {{ currency }} = {{ reporting_currency() }} then {{ amount }}
        else {{ money_product(amount, rate, 10, 8) }}
    end
{%- endmacro %}
