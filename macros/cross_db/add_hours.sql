{# A moment, some hours later. #}
{% macro add_hours(moment, hours) -%}
    {{ return(adapter.dispatch('add_hours', 'twinledger')(moment, hours)) }}
{%- endmacro %}

{% macro default__add_hours(moment, hours) -%}
    ({{ moment }} + to_hours(cast({{ hours }} as integer)))
{%- endmacro %}

{% macro bigquery__add_hours(moment, hours) -%}
    timestamp_add({{ moment }}, interval cast({{ hours }} as int64) hour)
{%- endmacro %}
