"""The chain from the invoice to the unit costs: a cent that nothing explains publishes nothing and
is named with its invoice; without it nothing is left at any step."""

from __future__ import annotations

import csv
import shutil
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration import cli
from orchestration.landing.lake import file_sha256

CENT = Decimal("0.01")


@pytest.fixture
def company(sample_workspace: Path, tmp_path: Path) -> Path:
    """A copy of the sample company, landed, built and published, to be spoilt."""
    folder = tmp_path / "company"
    shutil.copytree(sample_workspace, folder)
    return folder


def plant(file: Path, column: str, invoice: tuple[str, str], change: Decimal) -> None:
    """Add to the amount of the first line of an invoice, which (column, value) tells."""
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    row = next(row for row in rows if row[invoice[0]] == invoice[1])
    row[column] = str(Decimal(row[column]) + change)
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.slow
def test_a_cent_in_an_invoice_publishes_nothing_and_is_named(
    company: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    marts = company / "published" / "marts.duckdb"
    before = file_sha256(marts)
    invoices = company / "invoices"
    plant(invoices / "cloud_invoices.csv", "total_usd", ("invoice", "EU-202610-1"), CENT)
    detail = invoices / "vendor_invoice_detail.csv"
    plant(detail, "BilledCost", ("InvoiceDetailId", "INV-202609-1"), -CENT)
    settings = str(company / "twinledger.toml")
    monkeypatch.setattr(sys, "argv", ["twinledger", "run", "--settings", settings])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr().err
    assert ended.value.code == 1
    for part in (
        "every_bill_reconciles",
        "issuer Amazon Web Services, Inc., invoice EU-202610-1, period 2026-10, currency USD",
        "issuer OpenAI, invoice INV-202609, period 2026-09, currency USD",
        "step billed",
        "compare the invoice with its charges",
    ):
        assert part in " ".join(told.split())
    assert "EU-202609-1" not in told and "Traceback" not in told
    assert file_sha256(marts) == before


def test_without_it_nothing_is_left_at_any_step(sample_workspace: Path) -> None:
    with duckdb.connect(
        str(sample_workspace / "published" / "marts.duckdb"), read_only=True
    ) as con:
        steps = con.execute(
            "select status, count(*), sum(abs(residual)), count(residual) filter (residual <> 0)"
            " from cost_ledger.bill_reconciliation group by status order by status"
        ).fetchall()
        invoices = con.execute(
            "select count(distinct invoice_id), count(*) filter (status <> 'matched')"
            " from cost_ledger.bill_reconciliation_causes where invoice_id is not null"
        ).fetchone()
    assert [row[0] for row in steps] == ["matched", "unknown"]
    assert all(residual in (None, 0) and broken == 0 for _, _, residual, broken in steps)
    # Four months of four issuers.
    assert invoices == (16, 0)
