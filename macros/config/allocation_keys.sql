{# The keys that say who caused a cost, in the order every table has them. #}
{% macro allocation_keys() -%}
    {{ return(["cost_center", "team", "product", "feature", "use_case", "customer", "environment", "workload"]) }}
{%- endmacro %}
