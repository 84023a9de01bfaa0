{# A cost as a bill states it, unless it is 0 beside another cost of the same line that is not:
   vendors write 0 for what they do not tell. Credits, taxes and unused commitments may be 0 in
   earnest. #}
{% macro known_cost(cost, beside, charge_category="'Usage'", is_zero_meant='false') -%}
    case
        when
            {{ cost }} <> 0
            or {{ is_zero_meant }}
            or {{ charge_category }} in ('Credit', 'Tax')
            or ({%- for other in beside %}{{ ' and ' if not loop.first }}coalesce({{ other }}, 0) = 0{% endfor -%})
            then {{ cost }}
    end
{%- endmacro %}
