{# Microseconds from one moment to another, an exact integer. #}
{% macro micros_between(first_moment, last_moment) -%}
    {{ return(adapter.dispatch('micros_between', 'twinledger')(first_moment, last_moment)) }}
{%- endmacro %}

{% macro default__micros_between(first_moment, last_moment) -%}
    (epoch_us({{ last_moment }}) - epoch_us({{ first_moment }}))
{%- endmacro %}

{% macro bigquery__micros_between(first_moment, last_moment) -%}
    timestamp_diff({{ last_moment }}, {{ first_moment }}, microsecond)
{%- endmacro %}
