with

stg_invoices__lines as (

    select
        {{ system_columns() }},
        _row_hash as row_hash,
        invoice_id,
        issuer,
        coalesce(currency, {{ reporting_currency() }}) as currency,
        charge_category,
        service,
        description,
        lower(ledger_category) as ledger_category,
        unit,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        amount,
        quantity,
        service_start,
        service_end,
        {{ period_day('period') }} as invoice_month
    from {{ source('landing', 'invoices') }}

)

select * from stg_invoices__lines
