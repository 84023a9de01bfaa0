{# 18 decimals, as vendors bill them. BigQuery's NUMERIC keeps 9, its BIGNUMERIC 38. #}
{% macro money_type() -%}
    {{ return(adapter.dispatch('money_type', 'twinledger')()) }}
{%- endmacro %}

{% macro default__money_type() -%}
    decimal(38, 18)
{%- endmacro %}

{% macro bigquery__money_type() -%}
    bignumeric
{%- endmacro %}
