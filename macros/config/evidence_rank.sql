{# How weak a cost's evidence is, as a number: the weakest of several is the largest. #}
{% macro evidence_rank(evidence_level) -%}
    case {{ evidence_level }} when 'billed' then 1 when 'rated' then 2 else 3 end
{%- endmacro %}

{# The evidence level of a rank; null where there is none. #}
{% macro evidence_of_rank(evidence_rank) -%}
    case {{ evidence_rank }} when 1 then 'billed' when 2 then 'rated' when 3 then 'modelled' end
{%- endmacro %}
