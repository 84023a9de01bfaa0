{# One row for each whole number from 0 to `last`, both included; none where `last` is null or below
   0. #}
{% macro cross_join_numbers(last, column) -%}
    {{ return(adapter.dispatch('cross_join_numbers', 'twinledger')(last, column)) }}
{%- endmacro %}

{% macro default__cross_join_numbers(last, column) -%}
    cross join unnest(range(0, cast({{ last }} as bigint) + 1)) as {{ column }}_list ({{ column }})
{%- endmacro %}

{% macro bigquery__cross_join_numbers(last, column) -%}
    cross join unnest(generate_array(0, cast({{ last }} as int64))) as {{ column }}
{%- endmacro %}
