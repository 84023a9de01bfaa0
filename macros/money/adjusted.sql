{# An amount or quantity of a bill line; a line that a closed month's bill no longer has reverses it. #}
{% macro adjusted(column) -%}
    case when adjustment < 0 then -{{ column }} else {{ column }} end
{%- endmacro %}
