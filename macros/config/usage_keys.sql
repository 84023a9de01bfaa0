{# What daily token usage is told apart by: the grain of token_usage_daily. #}
{% macro usage_keys() -%}
    {{ return([
        "source_name", "provider", "model", "service_tier", "geography", "unit", "context_from_tokens",
        "usage_date", "sub_account_id",
    ] + allocation_keys()) }}
{%- endmacro %}

{# What the price of usage depends on, beside the class that is priced. #}
{% macro price_keys() -%}
    {{ return([
        "provider", "model", "service_tier", "geography", "context_from_tokens", "clock_from", "usage_date",
    ]) }}
{%- endmacro %}
