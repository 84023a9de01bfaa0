"""The two guarded KPIs: below a blocking threshold nothing is published and the KPI, its scope and
its owner are named; below a warning one the marts are published and say so."""

from __future__ import annotations

import csv
import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import AuditError
from orchestration.landing.lake import file_sha256
from orchestration.pipeline import run
from orchestration.settings import load_settings

pytestmark = pytest.mark.slow


@pytest.fixture
def company(sample_workspace: Path, tmp_path: Path) -> Path:
    """A copy of the sample company, landed, built and published, to be spoilt."""
    folder = tmp_path / "company"
    shutil.copytree(sample_workspace, folder)
    return folder


def set_threshold(company: Path, kpi: str, **changes: str) -> None:
    file = company / "config" / "kpi_thresholds.csv"
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        if row["kpi"] == kpi and row["scope"] == "total":
            row.update(changes)
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def add_bill(company: Path, service: str, amount: int) -> None:
    """A bill that nobody expected and nobody tagged, over the days of the last closed month."""
    lines = [f"2026-10-{day:02},{amount},USD,{service}" for day in range(1, 32)]
    text = "\n".join(["charge_date,cost,currency,service", *lines]) + "\n"
    (company / "surprise.csv").write_text(text)
    with (company / "twinledger.toml").open("a") as settings:
        settings.write(
            '\n[[sources]]\nname = "surprise"\ntype = "cost_lines"\nuri = "surprise.csv"\n'
        )


@pytest.mark.parametrize(
    ("kpi", "service", "amount", "threshold"),
    [
        # Untagged AI cost: two thirds of the AI cost of October has no owner.
        ("tag_coverage", "OpenAI API", 1500, "0.65"),
        # Other cost, which no forecast of October foresaw.
        ("forecast_accuracy", "Office rent", 2500, "0.65"),
    ],
)
def test_a_fall_below_the_blocking_threshold_publishes_nothing_and_names_the_owner(
    company: Path, kpi: str, service: str, amount: int, threshold: str
) -> None:
    marts = company / "published" / "marts.duckdb"
    before = file_sha256(marts)
    add_bill(company, service, amount)
    with pytest.raises(AuditError) as failure:
        run(load_settings(company / "twinledger.toml"))
    told = str(failure.value)
    for part in (kpi, "total", "r.quade", threshold):
        assert part in told
    assert file_sha256(marts) == before


def test_a_fall_below_the_warning_threshold_publishes_and_says_so(company: Path) -> None:
    before = file_sha256(company / "published" / "marts.duckdb")
    set_threshold(company, "tag_coverage", warn_at="0.99", block_at="0.10", owner="n.owner")
    summary = run(load_settings(company / "twinledger.toml"))
    assert any("tag_coverage" in warning for warning in summary.warnings)
    assert file_sha256(company / "published" / "marts.duckdb") != before
    with duckdb.connect(str(company / "published" / "marts.duckdb"), read_only=True) as con:
        level = con.execute(
            "select level from governance.kpi_values where kpi = 'tag_coverage' "
            "and scope = 'total' order by period_start desc limit 1"
        ).fetchone()
    assert level == ("warn",)


def test_the_sample_company_passes_with_its_true_figures(sample_workspace: Path) -> None:
    marts = sample_workspace / "published" / "marts.duckdb"
    with duckdb.connect(str(marts), read_only=True) as con:
        rows = con.execute(
            "select kpi, any_value(level order by period_start desc), "
            "any_value(value order by period_start desc) from governance.kpi_values "
            "where scope = 'total' and kpi in ('tag_coverage', 'forecast_accuracy') group by kpi"
        ).fetchall()
    found = {kpi: (level, value) for kpi, level, value in rows}
    assert {level for level, _ in found.values()} == {"ok"}
    assert all(Decimal("0.5") < Decimal(value) < 1 for _, value in found.values())
