{# The one place that divides: in double, null on a null or a zero denominator (0 would hide
   ignorance). #}
{% macro divide(numerator, denominator) -%}
    (cast({{ numerator }} as {{ float_type() }}) / nullif(cast({{ denominator }} as {{ float_type() }}), 0))
{%- endmacro %}
