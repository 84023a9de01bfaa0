{# The landed datasets that are bills, as an SQL list. #}
{% macro bill_datasets() -%}
    ('focus_cost_and_usage', 'cost_lines', 'aws_cur', 'azure_cost', 'oci_cost', 'gcp_billing')
{%- endmacro %}
