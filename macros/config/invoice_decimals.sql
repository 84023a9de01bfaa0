{# Decimals to which invoices are rounded: those of the currencies' minor units (ISO 4217), and four
   where prices are finer. An amount with more is not taken for rounded. #}
{% macro invoice_decimals() -%}
    {{ return([0, 2, 3, 4]) }}
{%- endmacro %}
