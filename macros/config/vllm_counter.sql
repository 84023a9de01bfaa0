{# What a counter of vLLM rose by, over a group of its rows; null where it is not there. #}
{% macro vllm_counter(metric, amount='increase') -%}
    sum(case when metric = 'vllm:{{ metric }}' then {{ amount }} end)
{%- endmacro %}
