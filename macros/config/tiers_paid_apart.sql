{# Service tiers whose tokens cost nothing by themselves, as an SQL list: the gateway's own cache, capacity
   that was bought as a whole, and a key of one's own, whose vendor bills them. #}
{% macro tiers_paid_apart() -%}
    ('gateway_cache', 'provisioned', 'own_key')
{%- endmacro %}
