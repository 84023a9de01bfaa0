{# True, false or unknown. #}
{% macro boolean_type() -%}
    {{ return(adapter.dispatch('boolean_type', 'twinledger')()) }}
{%- endmacro %}

{% macro default__boolean_type() -%}
    boolean
{%- endmacro %}

{% macro bigquery__boolean_type() -%}
    bool
{%- endmacro %}
