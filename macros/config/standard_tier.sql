{# The service tier in one word: what vendors call default, auto or nothing is the standard one. #}
{% macro standard_tier(service_tier) -%}
    case
        when coalesce(lower({{ service_tier }}), '') in ('', 'default', 'auto', 'on_demand') then 'standard'
        else lower({{ service_tier }})
    end
{%- endmacro %}
