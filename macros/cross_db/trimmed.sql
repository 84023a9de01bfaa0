{# A text without the spaces (of any width) around it; tabs and line ends stay. DuckDB's trim takes no
   others; BigQuery's would. #}
{% macro trimmed(expression) -%}
    {{ return(adapter.dispatch('trimmed', 'twinledger')(expression)) }}
{%- endmacro %}

{% macro default__trimmed(expression) -%}
    trim({{ expression }})
{%- endmacro %}

{% macro bigquery__trimmed(expression) -%}
    regexp_replace({{ expression }}, r'^\p{Zs}+|\p{Zs}+$', '')
{%- endmacro %}
