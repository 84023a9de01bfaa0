{# Schemas are the layers' names, in every target. On BigQuery they are datasets beside others, so a
   prefix may stand before them (`build_` while a candidate is built). #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ env_var('TWINLEDGER_SCHEMA_PREFIX', '') }}{{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
