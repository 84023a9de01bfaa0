{# 32 hexadecimal digits. Feed it text only: numbers and moments print differently on each engine.
   #}
{% macro hash_text(text) -%}
    {{ return(adapter.dispatch('hash_text', 'twinledger')(text)) }}
{%- endmacro %}

{% macro default__hash_text(text) -%}
    md5({{ text }})
{%- endmacro %}

{% macro bigquery__hash_text(text) -%}
    to_hex(md5({{ text }}))
{%- endmacro %}
