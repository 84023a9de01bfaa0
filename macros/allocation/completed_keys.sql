{# The allocation keys of a relation, completed where the reference knows more: a team has a cost centre, a workload an
   environment. Goes with completing_joins. #}
{% macro completed_keys(relation) -%}
    {%- for key in allocation_keys() -%}
        {%- if key == 'cost_center' -%}
            coalesce({{ relation }}.cost_center, key_teams.cost_center) as cost_center
        {%- elif key == 'environment' -%}
            coalesce({{ relation }}.environment, key_workloads.environment) as environment
        {%- else -%}
            {{ relation }}.{{ key }}
        {%- endif -%}
        {{ ",\n        " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro completing_joins(relation, day) -%}
    left join (
        select
            team,
            cost_center,
            valid_from,
            valid_to
        from {{ ref('teams') }}
    ) as key_teams
        on
            {{ relation }}.team = key_teams.team
            and {{ valid_on(day, 'key_teams') }}
    left join (
        select
            workload,
            environment
        from {{ ref('workloads') }}
    ) as key_workloads
        on {{ relation }}.workload = key_workloads.workload
{%- endmacro %}
