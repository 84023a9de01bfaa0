"""Invoices by mapping: the totals that a bill must add up to, or, without `billed_by`, the bill."""

from orchestration.landing.sources import mapped_type

SOURCE_TYPE = mapped_type(
    "invoices", "snapshot", required=("invoice_id", "issuer", "period", "amount")
)
