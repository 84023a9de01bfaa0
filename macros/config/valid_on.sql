{# Whether a row of a dated seed holds on a day: from valid_from on, up to and including valid_to; empty means open. #}
{% macro valid_on(day, relation) -%}
    (
        ({{ relation }}.valid_from is null or {{ relation }}.valid_from <= {{ day }})
        and ({{ relation }}.valid_to is null or {{ day }} <= {{ relation }}.valid_to)
    )
{%- endmacro %}
