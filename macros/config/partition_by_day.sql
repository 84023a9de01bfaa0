{# A table's day column as BigQuery's partition, one a day; nothing on DuckDB. Of a table with more than
   10,000 days (27 years) BigQuery takes no more. #}
{% macro partition_by_day(column) -%}
    {%- if target.type == 'bigquery' -%}
        {{ return({'field': column, 'data_type': 'date', 'granularity': 'day'}) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}
