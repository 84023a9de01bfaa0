{# What BigQuery sorts a table's blocks by, at most four columns: the first allocation keys where none are named; nothing on
   DuckDB. #}
{% macro cluster_by_columns(columns=none) -%}
    {%- if target.type == 'bigquery' -%}
        {{ return(columns or allocation_keys()[:4]) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}
