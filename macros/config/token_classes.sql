{# The disjoint classes that every token of a record belongs to. #}
{% macro token_classes() -%}
    {{ return([
        "input_uncached",
        "input_cache_read",
        "input_cache_write_5m",
        "input_cache_write_1h",
        "input_cache_write_other",
        "output_visible",
        "output_reasoning",
    ]) }}
{%- endmacro %}
