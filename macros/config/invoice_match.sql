{# Charges and invoices that belong together: of one bill, those of one invoice; where a bill names no
   invoices, those of one month. #}
{% macro invoice_match(source_name, invoice_id, month) -%}
    {{ row_key([
        source_name, invoice_id, 'case when ' ~ invoice_id ~ ' is null then ' ~ month ~ ' end'
    ]) }}
{%- endmacro %}
