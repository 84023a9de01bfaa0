{# Whether a rule's patterns fit a kind of charge (int_charge_kinds); an empty pattern fits all. #}
{% macro matches_kind(kinds, rules) -%}
    (
        ({{ rules }}.source_name is null or {{ rules }}.source_name = {{ kinds }}.source_name)
        and {{ like_pattern(kinds ~ '.service_provider_name', rules ~ '.provider_pattern') }}
        -- A service is known by its name, or by the category FOCUS gives it.
        and (
            {{ like_pattern(kinds ~ '.service_name', rules ~ '.service_pattern') }}
            or {{ like_pattern(kinds ~ '.service_category', rules ~ '.service_pattern') }}
        )
        and (
            {{ like_pattern(kinds ~ '.sku_id', rules ~ '.sku_pattern') }}
            or {{ like_pattern(kinds ~ '.sku_meter', rules ~ '.sku_pattern') }}
            or {{ like_pattern(kinds ~ '.sku_price_id', rules ~ '.sku_pattern') }}
        )
        and {{ like_pattern(kinds ~ '.charge_description', rules ~ '.description_pattern') }}
        and (
            {{ like_pattern(kinds ~ '.resource_id', rules ~ '.resource_pattern') }}
            or {{ like_pattern(kinds ~ '.resource_name', rules ~ '.resource_pattern') }}
        )
    )
{%- endmacro %}
