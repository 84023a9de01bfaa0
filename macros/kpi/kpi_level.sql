{# ok, warn or block: how a value stands against its thresholds. Null where the value or both thresholds are unknown.
   `direction` says what the thresholds are: 'at_least' or 'at_most'. #}
{% macro kpi_level(value, direction, warn_at, block_at) -%}
    case
        when {{ value }} is null or coalesce({{ warn_at }}, {{ block_at }}) is null then null
        when {{ direction }} = 'at_least' and {{ value }} < {{ block_at }} then 'block'
        when {{ direction }} = 'at_most' and {{ value }} > {{ block_at }} then 'block'
        when {{ direction }} = 'at_least' and {{ value }} < {{ warn_at }} then 'warn'
        when {{ direction }} = 'at_most' and {{ value }} > {{ warn_at }} then 'warn'
        else 'ok'
    end
{%- endmacro %}
