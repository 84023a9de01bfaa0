{# ok, warn or block: how a value stands against its thresholds. Null where the value or both thresholds are unknown.
   `direction` says what the thresholds are: 'min', the least the value may be, or 'max', the most. #}
{% macro kpi_level(value, direction, warn_at, block_at) -%}
    case
        when {{ value }} is null or coalesce({{ warn_at }}, {{ block_at }}) is null then null
        when {{ direction }} = 'min' and {{ value }} < {{ block_at }} then 'block'
        when {{ direction }} = 'max' and {{ value }} > {{ block_at }} then 'block'
        when {{ direction }} = 'min' and {{ value }} < {{ warn_at }} then 'warn'
        when {{ direction }} = 'max' and {{ value }} > {{ warn_at }} then 'warn'
        else 'ok'
    end
{%- endmacro %}
