{# Azure writes one id in upper and lower case, which its Resource Manager takes for the same; ids of
   other vendors are kept as they are. #}
{% macro azure_id(id) -%}
    case
        when
            lower({{ id }}) like '/subscriptions/%' or lower({{ id }}) like '/providers/microsoft.%'
            then lower({{ id }})
        else {{ id }}
    end
{%- endmacro %}
