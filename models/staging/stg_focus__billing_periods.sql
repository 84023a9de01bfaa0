with

stg_focus__billing_periods as (

    select
        {{ system_columns() }},
        InvoiceIssuerName as invoice_issuer_name,
        BillingPeriodStatus as billing_period_status,
        BillingPeriodStart as billing_period_start,
        BillingPeriodEnd as billing_period_end,
        BillingPeriodCreated as billing_period_created,
        BillingPeriodLastUpdated as billing_period_last_updated
    from {{ source('landing', 'focus_billing_period') }}

)

select * from stg_focus__billing_periods
