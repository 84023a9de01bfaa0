{# Rows are only ever added, after a hook took the stale ones out. BigQuery knows no append: a merge
   without a key is one. #}
{% macro incremental_strategy() -%}
    {{ return({'duckdb': 'append', 'bigquery': 'merge'}[target.type]) }}
{%- endmacro %}
