"""Invoices land by mapping, FOCUS' invoice details with their bill's name; each line is a row."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import duckdb
import pytest

from orchestration.errors import RefusedError, SettingsError
from orchestration.landing.land import land
from orchestration.settings import Settings

pytestmark = pytest.mark.usefixtures("no_gate")

BILL = '[[sources]]\nname = "bill"\ntype = "cost_lines"\nuri = "bill.csv"\n'
TOTALS = """
[[sources]]
name = "totals"
type = "invoices"
uri = "totals.csv"
billed_by = "bill"
mapping = { invoice_id = "no", amount = "total" }
constants = { issuer = "Cloud Inc.", currency = "USD" }
"""
DETAIL = '[[sources]]\nname = "detail"\ntype = "focus_invoice_detail"\nuri = "detail.csv"\n'

Landed = Callable[[Settings], duckdb.DuckDBPyConnection]


@pytest.fixture
def settings(workspace: Callable[..., Settings]) -> Settings:
    found = workspace(BILL + TOTALS + DETAIL + 'billed_by = "bill"\n')
    (found.folder / "bill.csv").write_text("charge_date,cost,currency\n2026-10-01,1,USD\n")
    (found.folder / "totals.csv").write_text(
        "no,period,total\nI-1,2026-10,1.10\nI-1,2026-10,1.10\n"
    )
    (found.folder / "detail.csv").write_text(
        "InvoiceId,BilledCost,BillingCurrency,BillingPeriodStart,InvoiceIssueStatus,x_Vat\n"
        "I-2,5.5,USD,2026-10-01T00:00:00Z,Issued,19 %\n"
    )
    return found


def test_lines_land_each_as_a_row(settings: Settings, landed: Landed) -> None:
    land(settings)
    con = landed(settings)
    rows = con.sql("select invoice_id, issuer, amount, _period, _row_hash from landing.invoices")
    lines = rows.fetchall()
    assert [line[:4] for line in lines] == [("I-1", "Cloud Inc.", Decimal("1.10"), "2026-10")] * 2
    assert len({line[4] for line in lines}) == 1
    found = con.sql(
        "select InvoiceId, BilledCost, _extra, _period from landing.focus_invoice_detail"
    ).fetchall()
    assert found == [("I-2", Decimal("5.5"), '{"x_Vat":"19 %"}', "2026-10")]
    bills = con.sql("select source_name, billed_by from landing.sources order by 1").fetchall()
    assert bills == [("bill", None), ("detail", "bill"), ("totals", "bill")]


def test_an_amount_that_is_none_refuses_the_file(settings: Settings) -> None:
    (settings.folder / "totals.csv").write_text("no,period,total\nI-1,2026-10,about 5\n")
    with pytest.raises(RefusedError, match="about 5"):
        land(settings)


def test_invoice_details_name_their_bill(workspace: Callable[..., Settings]) -> None:
    with pytest.raises(SettingsError, match="'billed_by' is missing"):
        workspace(BILL + DETAIL, "unnamed")
