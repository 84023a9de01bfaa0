{# Text of any length. #}
{% macro string_type() -%}
    {{ return(adapter.dispatch('string_type', 'twinledger')()) }}
{%- endmacro %}

{% macro default__string_type() -%}
    varchar
{%- endmacro %}

{% macro bigquery__string_type() -%}
    string
{%- endmacro %}
