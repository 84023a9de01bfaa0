with

stg_budgets__budgets as (

    select
        {{ system_columns() }},
        coalesce(currency, {{ reporting_currency() }}) as currency,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        amount,
        {{ period_day('period') }} as budget_month
    from {{ source('landing', 'budgets') }}

)

select * from stg_budgets__budgets
