{# A stable key: md5 over texts. The unit separator keeps ('a', 'bc') apart from ('ab', 'c'), the
   record separator keeps null apart from ''. Texts, whole numbers and dates only. #}
{% macro row_key(expressions) -%}
    {%- set parts = [] -%}
    {%- for expression in expressions -%}
        {%- do parts.append("coalesce(" ~ text(expression) ~ ", chr(30))") -%}
    {%- endfor -%}
    {#- One call, not a chain of `||`: every link would be a level of nesting to the planner. -#}
    {{ hash_text("concat(" ~ (parts | join(", chr(31), ")) ~ ")") }}
{%- endmacro %}
