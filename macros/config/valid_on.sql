{# Whether a row of a dated seed holds on a day: from valid_from on, up to and including valid_to;
   empty means open. Plain comparisons: with an `or` in it, DuckDB joins every row with every row.
   #}
{% macro valid_on(day, relation) -%}
    (
        coalesce({{ relation }}.valid_from, date '0001-01-01') <= {{ day }}
        and {{ day }} <= coalesce({{ relation }}.valid_to, date '9999-12-31')
    )
{%- endmacro %}
