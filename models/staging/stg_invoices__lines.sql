with

source as (

    select
        {{ system_columns() }},
        _row_hash as row_hash,
        _adjustment as adjustment,
        _booked_in as booked_in,
        invoice_id,
        issuer,
        currency,
        charge_category,
        service,
        description,
        ledger_category,
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
        service_end
    from {{ source('landing', 'invoices') }}

),

stg_invoices__lines as (

    select
        source_name,
        load_id,
        source_file,
        source_row,
        period,
        row_hash,
        adjustment,
        booked_in,
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
        {{ adjusted('amount') }} as amount,
        {{ adjusted('quantity') }} as quantity,
        service_start,
        service_end,
        {{ period_day('period') }} as invoice_month
    from source

)

select * from stg_invoices__lines
