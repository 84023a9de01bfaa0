{# Whether a split makes up the total it splits. Older releases and other vendors state a total alone,
   and some a split alone: neither is wrong. #}
{% macro is_split_whole(total, parts) -%}
    {%- set split = "coalesce(" ~ parts | join(", 0) + coalesce(") ~ ", 0)" -%}
    ({{ split }} = 0 or coalesce({{ total }} = {{ split }}, true))
{%- endmacro %}
