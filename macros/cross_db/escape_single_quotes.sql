{# dbt's own, which writes the texts of unit tests as literals: on BigQuery a backslash in a literal
   escapes, and dbt leaves it alone. #}
{% macro bigquery__escape_single_quotes(expression) -%}
    {{ return(expression | replace('\\', '\\\\') | replace("'", "\\'")) }}
{%- endmacro %}
