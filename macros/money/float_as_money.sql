{# A double as money, rounded half away from zero to 12 decimals, the same digits on both engines: in
   whole trillionths, the way DuckDB rounds and converts. A bare cast would carry the double's binary
   noise into the last decimals. #}
{% macro float_as_money(expression) -%}
    {{ return(adapter.dispatch('float_as_money', 'twinledger')(expression)) }}
{%- endmacro %}

{% macro default__float_as_money(expression) -%}
    {{ as_money('cast(round(' ~ expression ~ ', 12) as decimal(38, 12))') }}
{%- endmacro %}

{% macro bigquery__float_as_money(expression) -%}
    (cast(round(round(({{ expression }}) * 1e12) / 1e12 * 1e12) as bignumeric) * bignumeric '1e-12')
{%- endmacro %}
