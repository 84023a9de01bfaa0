"""What an issuer invoices, line by line, and how far its billing periods are."""

from __future__ import annotations

from orchestration.landing.datasets.base import (
    ALLOCATION_KEYS,
    DATE,
    MONEY,
    TEXT,
    TIME,
    Dataset,
    named,
)

INVOICES = Dataset(
    name="invoices",
    columns={
        **named("invoice_id issuer period", TEXT),
        "amount": MONEY,
        **named("currency charge_category service description ledger_category", TEXT),
        "quantity": MONEY,
        "unit": TEXT,
        **named("service_start service_end", DATE),
        **dict.fromkeys(ALLOCATION_KEYS, TEXT),
    },
    required=("invoice_id", "issuer", "period", "amount"),
    period="period",
    money=("amount",),
    currency="currency",
    is_bill=True,
)

# The 22 columns of FOCUS 1.4's Invoice Detail, whose rows are the lines of invoices.
INVOICE_DETAIL = Dataset(
    name="focus_invoice_detail",
    columns={
        **named("BilledCost PaymentCurrencyBilledCost", MONEY),
        **named(
            "BillingPeriodStart BillingPeriodEnd InvoiceDetailCreated InvoiceDetailLastUpdated"
            " InvoiceIssueDate PaymentDueDate",
            TIME,
        ),
        **named(
            "BillingAccountId BillingCurrency ChargeCategory InvoiceDetailDescription"
            " InvoiceDetailGrain InvoiceDetailId InvoiceId InvoiceIssueStatus InvoiceIssuerName"
            " PaymentCurrency PaymentCurrencyInvoiceDetailId PaymentTerms PurchaseOrderNumber"
            " ReferenceInvoiceId",
            TEXT,
        ),
        "_extra": TEXT,
    },
    required=("BilledCost", "BillingCurrency", "BillingPeriodStart", "InvoiceId"),
    period="strftime(BillingPeriodStart, '%Y-%m')",
    money=("BilledCost",),
    currency="BillingCurrency",
)

BILLING_PERIOD = Dataset(
    name="focus_billing_period",
    columns={
        **named(
            "BillingPeriodStart BillingPeriodEnd BillingPeriodCreated BillingPeriodLastUpdated",
            TIME,
        ),
        **named("BillingPeriodStatus InvoiceIssuerName", TEXT),
        "_extra": TEXT,
    },
    required=("BillingPeriodStart", "BillingPeriodStatus", "InvoiceIssuerName"),
    period="strftime(BillingPeriodStart, '%Y-%m')",
)
