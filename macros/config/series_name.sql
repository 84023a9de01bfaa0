{# A series' name: 'key=value' for every key that is set, in key order, joined by '|'; 'total' where
   none is. #}
{% macro series_name(relation) -%}
    coalesce(nullif(substr(
    {%- for key in allocation_keys() %}
        coalesce('|{{ key }}=' || {{ relation }}.{{ key }}, '')
        {%- if not loop.last %} ||{% endif %}
    {%- endfor %}, 2), ''), 'total')
{%- endmacro %}
