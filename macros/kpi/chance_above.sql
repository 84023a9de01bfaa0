{# The chance that a value passes a limit, from its quantiles: straight lines between p10, p50, p80 and p90, the first and
   the last one drawn on until 0 and 1. Null where a quantile is unknown. #}
{% macro chance_above(limit, p10, p50, p80, p90) -%}
    case
        when {{ limit }} is null or {{ p10 }} is null or {{ p50 }} is null or {{ p80 }} is null or {{ p90 }} is null
            then null
        when {{ limit }} < {{ p50 }}
            then least(1, coalesce(0.5 + 0.4 * {{ divide(p50 ~ " - " ~ limit, p50 ~ " - " ~ p10) }}, 1))
        when {{ limit }} < {{ p80 }}
            then 0.5 - 0.3 * {{ divide(limit ~ ' - ' ~ p50, p80 ~ ' - ' ~ p50) }}
        when {{ limit }} < {{ p90 }}
            then 0.2 - 0.1 * {{ divide(limit ~ ' - ' ~ p80, p90 ~ ' - ' ~ p80) }}
        else greatest(0, coalesce(0.1 - 0.1 * {{ divide(limit ~ ' - ' ~ p90, p90 ~ ' - ' ~ p80) }}, 0))
    end
{%- endmacro %}
