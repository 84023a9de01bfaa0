"""The summary of a run: unknown is said to be unknown, and every section has its figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pytest

from orchestration.commands.summary_view import show_summary
from orchestration.settings import Settings
from orchestration.summary import (
    Adjustments,
    BillComparison,
    Budget,
    CategoryMonth,
    Coverage,
    Kpi,
    MonthForecast,
    RunSummary,
    UnitCost,
    Unpriced,
    ValueRatio,
)

OCTOBER = date(2026, 10, 1)


@pytest.fixture
def shown(
    workspace: Callable[..., Settings], capsys: pytest.CaptureFixture[str]
) -> Callable[[RunSummary], str]:
    def show(summary: RunSummary) -> str:
        show_summary(summary, workspace(""))
        return capsys.readouterr().out

    return show


def _line(text: str, start: str) -> list[str]:
    return next(line for line in text.splitlines() if line.startswith(start)).split()


def test_all_sections(shown):
    out = shown(
        RunSummary(
            outcome="published",
            place="published/marts.duckdb",
            currency="USD",
            publish_id="20261121T040509Z-1a2b3c4d",
            published_at=datetime(2026, 11, 21, 4, 5),
            tables=30,
            rows=1_234_567,
            categories=(
                CategoryMonth(OCTOBER, "training", Decimal("1234.5"), Decimal("123.45"), 0),
                CategoryMonth(OCTOBER, "other_ai", None, None, 2),
            ),
            coverage=(Coverage("all_required", Decimal(100), Decimal(75), 0.75),),
            unit_costs=(
                UnitCost("cost_per_launch", OCTOBER, Decimal(10), Decimal(1000), 0.01, 0.9999),
            ),
            value_ratios=(
                ValueRatio("support", OCTOBER, Decimal(100), Decimal(250), 2.5, "A"),
            ),
            forecast=(MonthForecast(date(2026, 12, 1), date(2026, 11, 20), 31, Decimal(99)),),
            kpis=(Kpi("tag_coverage", "total", OCTOBER, 0.75, 0.8, "warn", 1.0, "finops"),),
            budgets=(
                Budget("team search", OCTOBER, "at_risk", Decimal(10), Decimal(9), None, None, 0.4),
            ),
            bills=(
                BillComparison("vendor", "EUR", Decimal(200), Decimal(100), Decimal(199)),
                BillComparison("other", "USD", Decimal(1), None, None),
            ),
            adjustments=(
                Adjustments("cloud", date(2026, 9, 1), OCTOBER, "USD", 3, Decimal("-2.5")),
            ),
            reconciled={"matched": 16, "unknown": 8},
            quarantined={"gateway": 2},
            unpriced=(Unpriced(None, "mystery", 5_000),),
            without_rate={"BRL": 3},
            skipped_forecasts={"team search": "insufficient history"},
        )
    )  # fmt: skip
    assert "30 tables, 1,234,567 rows" in out
    assert _line(out, "training") == ["training", "1,234.50"]
    assert _line(out, "other_ai") == ["other_ai", "unknown"]
    assert _line(out, "total") == ["total", "1,234.50"]
    assert _line(out, "unallocated") == ["unallocated", "10.0", "%"]
    assert _line(out, "lines of unknown cost")[-1] == "2"
    assert _line(out, "all required")[2:4] == ["75.0", "%"]
    assert _line(out, "cost per launch")[3:] == ["2026-10", "0.01", "1,000", "10.00", "99.9", "%"]
    assert _line(out, "support")[1:] == ["2026-10", "250.00", "100.00", "2.50", "A"]
    assert _line(out, "team search")[2:] == (
        ["2026-10", "10.00", "9.00", "unknown", "unknown", "40.0", "%", "at", "risk"]
    )
    assert _line(out, "tag coverage")[2:] == (
        ["total", "2026-10", "75.0", "%", "80.0", "%", "warn", "100.0", "%", "finops"]
    )
    assert _line(out, "vendor")[1:] == ["200.00", "EUR", "50.0", "%", "99.5", "%"]
    assert _line(out, "other ")[1:] == ["1.00", "USD", "0.0", "%", "0.0", "%"]
    assert _line(out, "cloud") == ["cloud", "2026-09", "2026-10", "3", "-2.50", "USD"]
    assert "no forecast of team search: insufficient history" in out
    assert "5,000 tokens have no price: unknown provider, mystery" in out
    assert "3 charges in BRL have no exchange rate" in out
    assert "16 of 24 monthly bills add up to what was invoiced" in " ".join(out.split())
    assert "2 rows of gateway are quarantined" in out
    assert out.count("twinledger query") == 3


def test_nothing_new_is_said(shown):
    out = shown(
        RunSummary(
            outcome="nothing new",
            place="published/marts.duckdb",
            currency="USD",
            published_at=datetime(2026, 11, 21, 4, 5),
        )
    )
    assert out.startswith("Nothing new: the marts of 2026-11-21 04:05 UTC stand.")
