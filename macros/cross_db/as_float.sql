{# A number as a double, the same bits on both engines. DuckDB does not round a decimal(38, 18) once:
   it adds what is before the point and what is behind it, each a double, and takes one off the size
   of a negative number before it converts. BigQuery's cast would be a last bit apart. #}
{% macro as_float(expression) -%}
    {{ return(adapter.dispatch('as_float', 'twinledger')(expression)) }}
{%- endmacro %}

{% macro default__as_float(expression) -%}
    cast({{ expression }} as {{ float_type() }})
{%- endmacro %}

{% macro bigquery__as_float(expression) -%}
    {%- set number = 'cast(' ~ expression ~ ' as bignumeric)' -%}
    {%- set behind = 'mod(' ~ number ~ ', 1) * 1000000000000000000' -%}
    (
        cast(trunc({{ number }}) as float64)
        + if({{ number }} < 0, cast({{ behind }} + 1 as float64) - 1, cast({{ behind }} as float64)) / 1e18
    )
{%- endmacro %}
