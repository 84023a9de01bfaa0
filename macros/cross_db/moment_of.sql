{# The moment of a date and a time of day ('HH:MM:SS'), UTC. #}
{% macro moment_of(day, clock) -%}
    cast(concat({{ text(day) }}, ' ', {{ clock }}, '+00') as {{ timestamp_type() }})
{%- endmacro %}
