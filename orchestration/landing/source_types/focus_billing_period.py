"""FOCUS 1.4 Billing Period: which periods of an issuer are still open, and which are closed."""

from orchestration.landing.datasets.invoices import BILLING_PERIOD
from orchestration.landing.focus_columns import focus_type

SOURCE_TYPE = focus_type(
    "focus_billing_period",
    BILLING_PERIOD,
    "snapshot",
    ("BillingPeriodStart", "BillingPeriodStatus", "InvoiceIssuerName"),
)
