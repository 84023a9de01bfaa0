{# The first key that says whose a cost is, null where none does. An environment alone is nobody's. #}
{% macro owner_keys(relation) -%}
    coalesce(
    {%- for key in allocation_keys() if key != 'environment' -%}
        {{ relation }}.{{ key }}{{ ', ' if not loop.last }}
    {%- endfor -%}
    )
{%- endmacro %}
