{# An explicit cast to text; only for texts, whole numbers and dates, which print alike on both
   engines. #}
{% macro text(expression) -%}
    cast({{ expression }} as {{ string_type() }})
{%- endmacro %}
