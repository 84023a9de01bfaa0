"""Expected figures of the reconciliation: from the invoices to what was allocated of each bill."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import duckdb

from orchestration.sample.checks import Check, text
from orchestration.sample.company import VENDOR
from orchestration.sample.days import Span
from orchestration.sample.invoices import (
    CLOUD,
    LABELLER,
    VECTOR_STORE,
    cloud_totals,
    vendor_tax,
    vendor_totals,
)

_STEPS = "cost_ledger.bill_reconciliation"
_CAUSES = "cost_ledger.bill_reconciliation_causes"


def reconciliation_checks(con: duckdb.DuckDBPyConnection, span: Span) -> Iterator[Check]:
    """Each step of the bills that have invoices; nothing is left without a cause."""
    yield Check(_STEPS, "residual is not null", "sum(abs(residual))", "0")
    yield Check(_STEPS, "status = 'unmatched'", "count(*)", "0")
    yield Check(_CAUSES, "status = 'unmatched'", "count(*)", "0")
    yield from _clouds(con, span)
    yield from _vendor(con)
    yield from _own_invoices(con)


def _clouds(con: duckdb.DuckDBPyConnection, span: Span) -> Iterator[Check]:
    """The first cloud rounds its invoice to the cent; the second one's never came."""
    totals = cloud_totals(con)
    for month, billed, effective, bought in con.execute(
        "select billing_month, sum(billed_cost), sum(effective_cost),"
        " sum(billed_cost) filter (charge_category = 'Purchase')"
        " from cloud_lines where cloud = 'aws' group by all order by all"
    ).fetchall():
        yield from _chain(CLOUD, month, totals[month], billed, effective)
        yield _part(CLOUD, month, "rounding", billed - totals[month])
        yield _part(CLOUD, month, "upfront_purchase", -bought)
        # As much as was bought: a month's plan is used up or wasted in its month.
        yield _part(CLOUD, month, "amortisation", bought)
    for currency in ("EUR", "BRL"):
        where = f"issuer = 'Microsoft' and currency = '{currency}' and step = 'billed'"
        months = text(len(span.months))
        yield Check(_STEPS, f"{where} and status = 'unknown'", "count(*)", months)
        yield Check(_STEPS, where, "sum(difference)", None)
    where = "issuer = 'Microsoft' and currency = 'BRL' and step = 'allocated'"
    yield Check(_STEPS, where, "sum(amount)", None)


def _vendor(con: duckdb.DuckDBPyConnection) -> Iterator[Check]:
    """The model vendor's invoice has a tax that its lines have not."""
    totals = vendor_totals(con)
    for month, billed in con.execute(
        "select month, sum(cost) from vendor_lines group by all order by all"
    ).fetchall():
        tax = vendor_tax(totals[month])
        yield from _chain(VENDOR, month, totals[month] + tax, billed, billed)
        yield _part(VENDOR, month, "tax", -tax)
        yield _part(VENDOR, month, "rounding", billed - totals[month])


def _own_invoices(con: duckdb.DuckDBPyConnection) -> Iterator[Check]:
    """What was invoiced and what was served differ by the licence's later months."""
    issuers = {"labelling": LABELLER, "vector_store": VECTOR_STORE}
    for source, month, billed, effective, bought, served in con.execute(
        "select source_name, case when charge_category = 'Usage' then date_trunc('month', day)"
        " else billing_month end::date as month, sum(billed), sum(effective),"
        " sum(billed) filter (charge_category = 'Purchase'),"
        " sum(effective) filter (charge_category = 'Usage')"
        " from true_invoice_lines group by all order by all"
    ).fetchall():
        yield from _chain(issuers[source], month, billed, billed, effective)
        yield _part(issuers[source], month, "upfront_purchase", -bought)
        yield _part(issuers[source], month, "amortisation", served)


def _chain(
    issuer: str, month: date, invoiced: Decimal, billed: Decimal, effective: Decimal
) -> Iterator[Check]:
    """US dollars all along; what is allocated is what it cost."""
    for step, amount, former in (
        ("invoice", invoiced, invoiced),
        ("billed", billed, invoiced),
        ("effective", effective, billed),
        ("allocated", effective, effective),
    ):
        where = f"issuer = '{issuer}' and period = '{month:%Y-%m}' and step = '{step}'"
        yield Check(_STEPS, where, "sum(amount)", text(amount))
        yield Check(_STEPS, where, "sum(difference)", text(amount - former))
        yield Check(_STEPS, f"{where} and status = 'matched'", "count(*)", "1")


def _part(issuer: str, month: date, cause: str, difference: Decimal) -> Check:
    where = f"issuer = '{issuer}' and period = '{month:%Y-%m}' and cause = '{cause}'"
    # A part of nothing is no row.
    return Check(_CAUSES, where, "sum(difference)", text(difference) if difference else None)
