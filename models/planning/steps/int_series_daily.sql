{{ config(meta={'forecast_input': true}) }}

{% set keys = allocation_keys() %}

with

costs as (

    select
        {{ keys | join(',\n        ') }},
        sum(cost) as cost,
        sum(case when pricing_model in ('committed', 'provisioned', 'subscription') then cost end)
            as committed_cost,
        charge_date
    from {{ ref('cost_allocations') }}
    group by {{ keys | join(', ') }}, charge_date

),

budgets as (

    select
        {{ keys | join(',\n        ') }}
    from {{ ref('stg_budgets__budgets') }}
    group by {{ keys | join(', ') }}

),

scopes as (

    select
        {{ series_name('budgets') }} as series,
        budgets.*
    from budgets
    where coalesce({{ keys | join(', ') }}) is not null

),

int_series_daily as (

    select
        'total' as series,
        {{ as_money('sum(cost)') }} as cost,
        {{ as_money('sum(committed_cost)') }} as committed_cost,
        charge_date
    from costs
    group by charge_date

    union all

    select
        scopes.series,
        {{ as_money('sum(costs.cost)') }} as cost,
        {{ as_money('sum(costs.committed_cost)') }} as committed_cost,
        costs.charge_date
    from costs
    inner join scopes
        on
            (scopes.cost_center is null or scopes.cost_center = costs.cost_center)
            {%- for key in keys if key != 'cost_center' %}
            and (scopes.{{ key }} is null or scopes.{{ key }} = costs.{{ key }})
            {%- endfor %}
    group by scopes.series, costs.charge_date

)

select * from int_series_daily
