{# The token classes of a request, out of columns that staging models name alike: whole_input_tokens and
   whole_output_tokens, which hold their parts, cache_read_tokens, cache_write_*_tokens and
   reasoning_tokens; is_input_consistent and is_output_consistent. Where the parts do not fit, the whole
   is kept and the parts are not believed. #}
{% macro disjoint_classes() -%}
    {%- set parts = ['cache_read', 'cache_write_5m', 'cache_write_1h', 'cache_write_other'] -%}
    whole_input_tokens as context_tokens,
        case
            when is_input_consistent then whole_input_tokens - {{ parts | join('_tokens - ') }}_tokens
            else whole_input_tokens
        end as input_uncached_tokens,
        {%- for part in parts %}
        case when is_input_consistent then {{ part }}_tokens else 0 end as input_{{ part }}_tokens,
        {%- endfor %}
        case
            when is_output_consistent then whole_output_tokens - reasoning_tokens
            else whole_output_tokens
        end as output_visible_tokens,
        case when is_output_consistent then reasoning_tokens else 0 end as output_reasoning_tokens
{%- endmacro %}
