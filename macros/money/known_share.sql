{# The share of which something is known: by cost, by rows where nothing costs anything; 0 to 1. #}
{% macro known_share(known_cost, all_cost, known_rows, all_rows) -%}
    case
        when {{ all_cost }} <> 0 then coalesce({{ divide(known_cost, all_cost) }}, 0)
        else {{ divide(known_rows, all_rows) }}
    end
{%- endmacro %}
