{# The date of a 'YYYY-MM-DD' or 'YYYY-MM' period (then its first day); null for anything else. #}
{% macro period_day(period) -%}
    {{ return(adapter.dispatch('period_day', 'twinledger')(period)) }}
{%- endmacro %}

{% macro default__period_day(period) -%}
    try_cast(case when length({{ period }}) = 7 then {{ period }} || '-01' else {{ period }} end as date)
{%- endmacro %}

{% macro bigquery__period_day(period) -%}
    safe_cast(case when length({{ period }}) = 7 then concat({{ period }}, '-01') else {{ period }} end as date)
{%- endmacro %}
