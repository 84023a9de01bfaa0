{# JSON text whose members hold text instead of numbers: read as a number, one of more than 17 digits
   is rounded by DuckDB. #}
{% macro json_numbers_as_text(json) -%}
    {{ return(adapter.dispatch('json_numbers_as_text', 'twinledger')(json)) }}
{%- endmacro %}

{% macro default__json_numbers_as_text(json) -%}
    regexp_replace({{ json }}, '("\s*:\s*)(-?[0-9][0-9.eE+-]*)', '\1"\2"', 'g')
{%- endmacro %}

{% macro bigquery__json_numbers_as_text(json) -%}
    regexp_replace({{ json }}, r'("\s*:\s*)(-?[0-9][0-9.eE+-]*)', r'\1"\2"')
{%- endmacro %}
