{# The currency of every mart that shows one currency; the settings file sets it. #}
{% macro reporting_currency() -%}
    '{{ var("reporting_currency", env_var("TWINLEDGER_REPORTING_CURRENCY", "USD")) }}'
{%- endmacro %}
