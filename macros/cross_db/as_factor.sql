{# One side of an exact product. Scales add up in a product and only 38 digits fit: each side keeps
   the decimals it needs. #}
{% macro as_factor(expression, decimals) -%}
    {{ return(adapter.dispatch('as_factor', 'twinledger')(expression, decimals)) }}
{%- endmacro %}

{% macro default__as_factor(expression, decimals) -%}
    cast({{ expression }} as decimal(38, {{ decimals }}))
{%- endmacro %}

{% macro bigquery__as_factor(expression, decimals) -%}
    round(cast({{ expression }} as bignumeric), {{ decimals }})
{%- endmacro %}
