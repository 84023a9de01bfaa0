{# Hour boundaries between two full hours: both engines count whole hours then. #}
{% macro hours_spanned(first_hour, last_hour) -%}
    {{ return(adapter.dispatch('hours_spanned', 'twinledger')(first_hour, last_hour)) }}
{%- endmacro %}

{% macro default__hours_spanned(first_hour, last_hour) -%}
    date_diff('hour', {{ first_hour }}, {{ last_hour }})
{%- endmacro %}

{% macro bigquery__hours_spanned(first_hour, last_hour) -%}
    timestamp_diff({{ last_hour }}, {{ first_hour }}, hour)
{%- endmacro %}
