"""FOCUS 1.4's Billing Period and Invoice Detail, as far as the charges know them."""

from __future__ import annotations

from orchestration.exports.dataset import FocusDataset

_BILLED = """
    from (
        select
            charges.*,
            coalesce(
                charges.invoice_issuer_name, charges.service_provider_name, charges.source_name
            ) as issuer,
            coalesce(charges.billing_account_id, charges.source_name) as account
        from {cost_ledger.charges} as charges
        where charges.evidence_level = 'billed'
            and substr(cast(charges.billing_period_start as string), 1, 7) = :period
    ) as lines
"""

BILLING_PERIOD = FocusDataset(
    name="BillingPeriod",
    columns={
        "BillingPeriodCreated": "created",
        "BillingPeriodEnd": "coalesce(period_end, :period_end)",
        "BillingPeriodLastUpdated": "updated",
        "BillingPeriodStart": "billing_period_start",
        # The issuer's word is not in a bill; :status is whether this month was closed here.
        "BillingPeriodStatus": ":status",
        "InvoiceIssuerName": "issuer",
    },
    source=f"""
from (
    select
        lines.issuer,
        lines.billing_period_start,
        max(lines.billing_period_end) as period_end,
        min(loads.loaded_at) as created,
        max(loads.loaded_at) as updated
    {_BILLED}
    left join {{landing.loads}} as loads
        on lines.load_id = loads.load_id
    group by lines.issuer, lines.billing_period_start
) as periods
""",
    money=frozenset(),
    times=frozenset(
        (
            "BillingPeriodCreated",
            "BillingPeriodEnd",
            "BillingPeriodLastUpdated",
            "BillingPeriodStart",
        )
    ),
    order=("InvoiceIssuerName",),
    versions={"1.4": frozenset()},
)

INVOICE_DETAIL = FocusDataset(
    name="InvoiceDetail",
    columns={
        "BilledCost": "billed_cost",
        "BillingAccountId": "account",
        "BillingCurrency": "billing_currency",
        "BillingPeriodEnd": "coalesce(period_end, :period_end)",
        "BillingPeriodStart": "billing_period_start",
        "ChargeCategory": "charge_category",
        "InvoiceDetailCreated": "cast(null as timestamp)",
        "InvoiceDetailDescription": "charge_category",
        "InvoiceDetailGrain": "cast(null as string)",
        "InvoiceDetailId": "detail_id",
        "InvoiceDetailLastUpdated": "cast(null as timestamp)",
        "InvoiceId": "invoice_id",
        "InvoiceIssueDate": "cast(null as timestamp)",
        "InvoiceIssueStatus": "cast(null as string)",
        "InvoiceIssuerName": "issuer",
        "PaymentCurrency": "cast(null as string)",
        "PaymentCurrencyBilledCost": "null",
        "PaymentCurrencyInvoiceDetailId": "cast(null as string)",
        "PaymentDueDate": "cast(null as timestamp)",
        "PaymentTerms": "cast(null as string)",
        "PurchaseOrderNumber": "cast(null as string)",
        "ReferenceInvoiceId": "cast(null as string)",
    },
    # One line per invoice, account, currency and category: what is charged by the lines of the
    # bill that name the invoice. Dates, terms and payment are in no bill: null.
    source=f"""
from (
    select
        lines.issuer,
        lines.account,
        lines.invoice_id,
        coalesce(
            lines.invoice_detail_id,
            lines.invoice_id || '/' || lines.account || '/' || lines.charge_category
        ) as detail_id,
        lines.charge_category,
        lines.billing_currency,
        lines.billing_period_start,
        max(lines.billing_period_end) as period_end,
        sum(lines.billed_cost) as billed_cost
    {_BILLED}
    where lines.invoice_id is not null
    group by
        lines.issuer,
        lines.account,
        lines.invoice_id,
        coalesce(
            lines.invoice_detail_id,
            lines.invoice_id || '/' || lines.account || '/' || lines.charge_category
        ),
        lines.charge_category,
        lines.billing_currency,
        lines.billing_period_start
) as details
""",
    money=frozenset(("BilledCost", "PaymentCurrencyBilledCost")),
    times=frozenset(
        (
            "BillingPeriodEnd",
            "BillingPeriodStart",
            "InvoiceDetailCreated",
            "InvoiceDetailLastUpdated",
            "InvoiceIssueDate",
            "PaymentDueDate",
        )
    ),
    order=("InvoiceIssuerName", "InvoiceId", "InvoiceDetailId"),
    versions={"1.4": frozenset()},
)
