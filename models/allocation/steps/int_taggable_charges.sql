{% set keys = allocation_keys() %}

with

routes as (

    select
        source_name,
        ledger_category,
        {{ keys | join(',\n        ') }},
        cost,
        route,
        charge_date
    from {{ ref('int_charge_routes') }}
    where
        is_ai
        and charge_category in ('Usage', 'Purchase')

),

teams as (

    select
        team,
        owner,
        valid_from,
        valid_to
    from {{ ref('teams') }}

),

cost_centers as (

    select
        cost_center,
        owner
    from {{ ref('cost_centers') }}

),

-- A team or a cost centre that the reference does not know is no valid tag, once it knows any.
registers as (

    select
        (select count(*) from teams) > 0 as has_teams,
        (select count(*) from cost_centers) > 0 as has_cost_centers

),

int_taggable_charges as (

    select
        routes.source_name,
        routes.ledger_category,
        routes.cost_center,
        coalesce(teams.owner, cost_centers.owner) as owner,
        {%- for key in keys %}
        {%- if key == 'team' %}
        routes.team is not null and (not registers.has_teams or teams.team is not null)
            as has_team,
        {%- elif key == 'cost_center' %}
        routes.cost_center is not null
        and (not registers.has_cost_centers or cost_centers.cost_center is not null)
            as has_cost_center,
        {%- else %}
        routes.{{ key }} is not null as has_{{ key }},
        {%- endif %}
        {%- endfor %}
        routes.route <> 'direct' as is_undirected,
        routes.cost,
        routes.charge_date
    from routes
    cross join registers
    left join teams
        on
            routes.team = teams.team
            and {{ valid_on('routes.charge_date', 'teams') }}
    left join cost_centers
        on routes.cost_center = cost_centers.cost_center

)

select * from int_taggable_charges
