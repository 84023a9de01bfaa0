{# Of a charge: who invoices it; where its bill does not say, who provides it, else the source. #}
{% macro bill_issuer() -%}
    coalesce(invoice_issuer_name, service_provider_name, host_provider_name, source_name)
{%- endmacro %}
