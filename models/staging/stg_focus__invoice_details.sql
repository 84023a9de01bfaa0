with

stg_focus__invoice_details as (

    select
        {{ system_columns() }},
        InvoiceDetailId as invoice_detail_id,
        InvoiceId as invoice_id,
        InvoiceIssuerName as invoice_issuer_name,
        InvoiceIssueStatus as invoice_issue_status,
        BillingAccountId as billing_account_id,
        BillingCurrency as billing_currency,
        ChargeCategory as charge_category,
        InvoiceDetailDescription as invoice_detail_description,
        InvoiceDetailGrain as invoice_detail_grain,
        PaymentCurrency as payment_currency,
        PaymentCurrencyInvoiceDetailId as payment_currency_invoice_detail_id,
        PaymentTerms as payment_terms,
        PurchaseOrderNumber as purchase_order_number,
        ReferenceInvoiceId as reference_invoice_id,
        BilledCost as billed_cost,
        PaymentCurrencyBilledCost as payment_currency_billed_cost,
        BillingPeriodStart as billing_period_start,
        BillingPeriodEnd as billing_period_end,
        InvoiceIssueDate as invoice_issue_date,
        PaymentDueDate as payment_due_date,
        InvoiceDetailCreated as invoice_detail_created,
        InvoiceDetailLastUpdated as invoice_detail_last_updated
    from {{ source('landing', 'focus_invoice_detail') }}

)

select * from stg_focus__invoice_details
