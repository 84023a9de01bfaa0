"""Invoices: what the bills must add up to, and two vendors whose invoice is the only bill.

The labelling vendor charges by the month and sold a licence for a year; the vector database tops
its lines up to a monthly minimum.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb

from orchestration.sample.company import VENDOR
from orchestration.sample.days import Span, month_after

CLOUD = "Amazon Web Services, Inc."
LABELLER = "Harrow Labelling"
VECTOR_STORE = "Kestrel Vectors"
MINIMUM = Decimal("300.00")
"""US dollars that the vector database charges a month at least."""

_LABELLED_A_DAY = Decimal("45.60")
_LICENCE_A_DAY = Decimal("6.00")
_LICENCE_DAYS = 365
_READS_A_DAY = Decimal("5.40")
_STORAGE_A_DAY = Decimal("2.10")
_TAX = Decimal("0.08")
_KEYS = ("team", "product", "feature", "use_case", "environment")
_VISION = dict(
    zip(_KEYS, ("vision", "studio", "image_tagging", "catalogue_enrichment", "prod"), strict=True)
)
_RANKING = dict(
    zip(_KEYS, ("ranking", "finder", "semantic_index", "semantic_search", "prod"), strict=True)
)


@dataclass(frozen=True)
class Line:
    """A line of an invoice that is the bill itself; `end` is None where it pays for no time."""

    source: str
    invoice: str
    month: date
    text: str
    amount: Decimal
    start: date
    end: date | None
    category: str = ""
    keys: dict[str, str] = field(default_factory=dict)


def invoice_lines(span: Span) -> Iterator[Line]:
    """Every line of the two vendors, month by month."""
    for month in span.months:
        days = [day for day in span.days if day.replace(day=1) == month]
        first, last, count = days[0], days[-1], len(days)
        number = f"HL-{month:%y%m}"
        labelled = count * _LABELLED_A_DAY
        yield Line(
            "labelling", number, month, "Labelled images", labelled, first, last, "", _VISION
        )
        if month == span.months[0]:
            until = first + timedelta(days=_LICENCE_DAYS - 1)
            licence = _LICENCE_DAYS * _LICENCE_A_DAY
            yield Line(
                "labelling", number, month, "Studio licence, one year", licence, first, until,
                "Purchase", _VISION,
            )  # fmt: skip
        number = f"KV{month:%Y%m}"
        reads, storage = count * _READS_A_DAY, count * _STORAGE_A_DAY
        for text, amount in (("Read units", reads), ("Storage", storage)):
            yield Line("vector_store", number, month, text, amount, first, last, "Usage", _RANKING)
        if reads + storage < MINIMUM:
            yield Line(
                "vector_store", number, month, "Top-up to the monthly minimum",
                MINIMUM - reads - storage, first, None, "Adjustment",
            )  # fmt: skip


def create_true_invoice_lines(con: duckdb.DuckDBPyConnection, span: Span) -> None:
    """Create `true_invoice_lines`, one row a charge: billed in its month, spread over its service.

    A service that outlasts the sample costs nothing after it.
    """
    con.execute(
        "create table true_invoice_lines(source_name varchar, day date, billing_month date,"
        " charge_category varchar, billed decimal(38, 12), effective decimal(38, 12),"
        " category varchar, tags varchar, otherwise varchar)"
    )
    for line in invoice_lines(span):
        category = "labelling" if line.source == "labelling" else "embedding_retrieval"
        known = [category, json.dumps(line.keys) if line.keys else None, "even"]
        if line.end is None:
            rows = [(line.start, line.category, line.amount, line.amount)]
        else:
            days = (line.end - line.start).days + 1
            served = (line.start + timedelta(days=number) for number in range(days))
            rows = [(line.month, "Purchase", line.amount, Decimal(0))]
            rows += [(d, "Usage", Decimal(0), line.amount / days) for d in served if d <= span.last]
        for day, charge_category, billed, effective in rows:
            con.execute(
                f"insert into true_invoice_lines values ({', '.join('?' * 9)})",
                [line.source, day, line.month, charge_category, billed, effective, *known],
            )


def write_invoices(con: duckdb.DuckDBPyConnection, folder: Path, span: Span) -> None:
    """Write `invoices/*.csv`: two kinds of totals, billing periods, and the two vendors' lines."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "cloud_invoices.csv", "invoice,issuer,month,total_usd", (
        (f"EU-{month:%Y%m}-1", CLOUD, f"{month:%Y-%m}", total)
        for month, total in cloud_totals(con).items()
    ))  # fmt: skip
    _write(folder / "vendor_invoice_detail.csv", _DETAIL, _details(con))
    _write(
        folder / "billing_periods.csv",
        "BillingPeriodStart,BillingPeriodEnd,BillingPeriodStatus,BillingPeriodCreated,"
        "BillingPeriodLastUpdated,InvoiceIssuerName",
        (
            (_moment(month), _moment(month_after(month)), "Closed", _moment(month),
             _moment(month_after(month) + timedelta(days=5)), issuer)
            for month in span.months
            for issuer in (CLOUD, VENDOR)
        ),
    )  # fmt: skip
    lines = list(invoice_lines(span))
    for source in ("labelling", "vector_store"):
        _write(
            folder / f"{source}.csv",
            f"number,month,item,category,net_usd,from,until,{','.join(_KEYS)}",
            (
                (line.invoice, f"{line.month:%Y-%m}", line.text, line.category, line.amount,
                 line.start, line.end, *(line.keys.get(key) for key in _KEYS))
                for line in lines
                if line.source == source
            ),
        )  # fmt: skip


def cloud_totals(con: duckdb.DuckDBPyConnection) -> dict[date, Decimal]:
    """What the first cloud invoiced for each month: its lines to the cent."""
    return _cents(
        con, "select billing_month, sum(billed_cost) from cloud_lines where cloud = 'aws'"
    )


def vendor_totals(con: duckdb.DuckDBPyConnection) -> dict[date, Decimal]:
    """What the model vendor invoiced for each month, without the tax, which no line of its has."""
    return _cents(con, "select month, sum(cost) from vendor_lines")


def vendor_tax(total: Decimal) -> Decimal:
    """The tax on a month's invoice."""
    return _cent(total * _TAX)


def _cents(con: duckdb.DuckDBPyConnection, query: str) -> dict[date, Decimal]:
    rows = con.execute(f"{query} group by all order by all").fetchall()
    return {month: _cent(total) for month, total in rows}


def _cent(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


_DETAIL = (
    "BilledCost,BillingAccountId,BillingCurrency,ChargeCategory,BillingPeriodEnd,"
    "BillingPeriodStart,InvoiceDetailCreated,InvoiceDetailDescription,InvoiceDetailGrain,"
    "InvoiceDetailId,InvoiceDetailLastUpdated,InvoiceId,InvoiceIssueDate,InvoiceIssueStatus,"
    "InvoiceIssuerName,PaymentCurrency,PaymentCurrencyBilledCost,PaymentCurrencyInvoiceDetailId,"
    "PaymentDueDate,PaymentTerms,PurchaseOrderNumber,ReferenceInvoiceId"
)


def _details(con: duckdb.DuckDBPyConnection) -> Iterator[Sequence[object]]:
    for month, total in vendor_totals(con).items():
        number, issued = f"INV-{month:%Y%m}", month_after(month) + timedelta(days=2)
        for place, (category, amount) in enumerate(
            (("Usage", total), ("Tax", vendor_tax(total))), start=1
        ):
            yield (
                amount, "org-fernhollow", "USD", category, _moment(month_after(month)),
                _moment(month), _moment(issued), f"API {category.lower()}", None,
                f"{number}-{place}", _moment(issued), number, _moment(issued), "Issued",
                VENDOR, "USD", amount, f"{number}-{place}", _moment(issued + timedelta(days=30)),
                "Net 30", "PO-7719", number,
            )  # fmt: skip


def _moment(day: date) -> str:
    return f"{day}T00:00:00Z"


def _write(target: Path, header: str, rows: Iterable[Sequence[object]]) -> None:
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)
