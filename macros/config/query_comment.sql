{# What dbt writes into each statement; BigQuery makes labels of the job of it (`job-label`). #}
{% macro query_comment(node) -%}
    {%- set comment = {'app': 'twinledger', 'step': 'build'} -%}
    {%- if node is not none and node is defined -%}
        {%- do comment.update({'node': node.name, 'resource': node.resource_type | string}) -%}
    {%- endif -%}
    {{ return(tojson(comment)) }}
{%- endmacro %}
