{# Service tiers whose tokens cost nothing by themselves, as an SQL list: the gateway's own cache, capacity
   that was bought as a whole, a key of one's own, whose vendor bills them, a seat's subscription, and servers of
   one's own, whose GPU hours are billed. #}
{% macro tiers_paid_apart() -%}
    ('gateway_cache', 'provisioned', 'own_key', 'subscription', 'self_hosted')
{%- endmacro %}
