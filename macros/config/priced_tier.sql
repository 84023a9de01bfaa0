{# The service tier whose list price a tier has: tokens that are paid apart would cost the standard price
   as used, and what overflows bought capacity is billed at it. #}
{% macro priced_tier(service_tier) -%}
    case
        when {{ service_tier }} = 'spillover' or {{ service_tier }} in {{ tiers_paid_apart() }} then 'standard'
        else {{ service_tier }}
    end
{%- endmacro %}
