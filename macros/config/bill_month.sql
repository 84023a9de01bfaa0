{# Of a charge: first day of the month of its billing period, else of its own. #}
{% macro bill_month() -%}
    {{ month_start('coalesce(' ~ as_date('billing_period_start') ~ ', charge_date)') }}
{%- endmacro %}
