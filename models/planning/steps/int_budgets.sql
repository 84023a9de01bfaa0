{% set keys = allocation_keys() %}

with

exchange_rates as (

    select
        from_currency,
        rate,
        rate_date
    from {{ ref('exchange_rates_daily') }}
    where to_currency = {{ reporting_currency() }}

),

budgets as (

    select
        {{ keys | join(',\n        ') }},
        amount,
        currency,
        budget_month
    from {{ ref('stg_budgets__budgets') }}

),

amounts as (

    select
        {%- for key in keys %}
        budgets.{{ key }},
        {%- endfor %}
        {{ in_reporting_currency('budgets.amount', 'budgets.currency', 'exchange_rates.rate') }}
            as amount,
        budgets.budget_month
    from budgets
    left join exchange_rates
        on
            budgets.currency = exchange_rates.from_currency
            and budgets.budget_month = exchange_rates.rate_date

),

named as (

    select
        amounts.*,
        {{ series_name('amounts') }} as budget_scope
    from amounts

),

-- Lines of one scope and month add up; one without a rate leaves the sum unknown.
int_budgets as (

    select
        budget_scope,
        {{ keys | join(',\n        ') }},
        case when count(*) = count(amount) then sum(amount) end as budget,
        budget_month
    from named
    group by budget_scope, {{ keys | join(', ') }}, budget_month

)

select * from int_budgets
