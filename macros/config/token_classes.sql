{# The disjoint classes every token belongs to, each with the price-book classes that price it, the
   first known one first: thinking without a price of its own is output, a cache write of unknown
   lifetime is the vendors' usual one. #}
{% macro token_classes() -%}
    {{ return({
        "input_uncached": ["input_uncached"],
        "input_cache_read": ["input_cache_read"],
        "input_cache_write_5m": ["input_cache_write_5m"],
        "input_cache_write_1h": ["input_cache_write_1h"],
        "input_cache_write_other": ["input_cache_write_other", "input_cache_write_5m"],
        "output_visible": ["output"],
        "output_reasoning": ["output_reasoning", "output"],
    }) }}
{%- endmacro %}
