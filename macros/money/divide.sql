{# The one place that divides: in double, null on a null or a zero denominator (0 would hide
   ignorance). #}
{% macro divide(numerator, denominator) -%}
    ({{ as_float(numerator) }} / nullif({{ as_float(denominator) }}, 0))
{%- endmacro %}
