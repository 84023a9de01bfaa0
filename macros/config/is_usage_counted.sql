{# Whether what a cost brought can have been counted: a server of one's own tells its requests and
   tokens only where its workload has telemetry (int_served_workload_days, left joined). #}
{% macro is_usage_counted(costs, served) -%}
    (
        coalesce({{ costs }}.ledger_category, '') <> 'self_hosted_inference'
        or {{ served }}.workload is not null
    )
{%- endmacro %}
