{# The day whose usage, owners and rules hold for a charge: of a correction, that of what it corrects. #}
{% macro service_date() -%}
    case when adjusts_period is null then charge_date else {{ as_date('charge_period_start') }} end
{%- endmacro %}
