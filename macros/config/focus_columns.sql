{# FOCUS' columns that few bills tell, in one order, each with the type of the null that stands for it
   where a bill does not. #}
{% macro rare_focus_columns() -%}
    {%- set types = {} -%}
    {%- for name in [
        "billing_account_name", "billing_account_type", "sub_account_type", "publisher_name",
        "region_name", "availability_zone", "resource_type", "service_subcategory", "charge_frequency",
        "pricing_currency", "sku_price_details", "commitment_discount_name",
        "commitment_discount_category", "commitment_discount_type", "commitment_discount_unit",
        "commitment_program_eligibility_details", "contract_applied", "capacity_reservation_id",
        "capacity_reservation_status", "invoice_detail_id", "allocated_method_id",
        "allocated_method_details", "allocated_resource_id", "allocated_resource_name",
        "allocated_tags",
    ] -%}
        {%- do types.update({name: string_type()}) -%}
    {%- endfor -%}
    {%- for name in [
        "list_unit_price", "contracted_unit_price", "pricing_currency_list_unit_price",
        "pricing_currency_contracted_unit_price", "pricing_currency_effective_cost",
        "commitment_discount_quantity",
    ] -%}
        {%- do types.update({name: money_type()}) -%}
    {%- endfor -%}
    {%- do types.update({"billing_period_end": timestamp_type()}) -%}
    {{ return(types) }}
{%- endmacro %}

{# These columns at the end of a branch that tells some of them, the others null.

   Args:
       told: column → SQL expression. #}
{% macro focus_columns(told={}) -%}
    {%- set types = rare_focus_columns() -%}
    {%- for name in told if name not in types -%}
        {{ exceptions.raise_compiler_error(name ~ " is none of the rare FOCUS columns") }}
    {%- endfor -%}
    {%- for name, type in types.items() -%}
        {%- if told.get(name) == name -%}
            {{ name }}
        {%- else -%}
            cast({{ told.get(name, "null") }} as {{ type }}) as {{ name }}
        {%- endif -%}
        {{ ",\n        " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# These columns of a relation that has them all.

   Args:
       changed: column → SQL expression that takes its place. #}
{% macro all_focus_columns(relation=none, changed={}) -%}
    {%- for name in rare_focus_columns() -%}
        {%- if name in changed -%}
            {{ changed[name] }} as {{ name }}
        {%- else -%}
            {{ relation ~ "." if relation }}{{ name }}
        {%- endif -%}
        {{ ",\n        " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
