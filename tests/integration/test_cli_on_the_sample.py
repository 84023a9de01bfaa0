"""The windows of the command line on the built sample company: explain, query, status."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration import cli

Call = Callable[..., str]


@pytest.fixture
def call(
    sample_workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Call:
    """Stdout of a command that ends well."""

    def run(*arguments: str) -> str:
        settings = str(sample_workspace / "twinledger.toml")
        monkeypatch.setattr(sys, "argv", ["twinledger", *arguments, "--settings", settings])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        assert not ended.value.code, captured.err
        return captured.out

    return run


def read(folder: Path, sql: str) -> list[tuple[str, ...]]:
    # Closed at once: in one process DuckDB shares an open file, and its locked configuration.
    with duckdb.connect(str(folder / "published" / "marts.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


@pytest.mark.parametrize(
    ("condition", "leads_to"),
    [
        ("method_id = 'direct' and evidence_level = 'billed'", "file exports/"),
        ("method_id = 'usage' and evidence_level = 'billed'", "shared by usage: requests "),
        ("method_id = 'even' and source_name = 'aws_payer'", "file exports/"),
        ("source_name = 'labelling' and cost > 0", "file invoices/labelling.csv"),
        ("evidence_level = 'rated' and cost is not null", "file support_bot/"),
        ("evidence_level = 'modelled' and method_id = 'usage'", "the node's GPU hours"),
    ],
)
def test_every_kind_of_cost_is_explained(call, sample_workspace, condition, leads_to):
    (line,) = read(
        sample_workspace,
        f"select allocation_id from allocation.cost_allocations where {condition}"
        " order by abs(cost) desc, allocation_id limit 1",
    )
    out = call("explain", "cost_allocations", line[0])
    assert leads_to in out
    assert out.count("to the last decimal") == 2
    assert "DOES NOT ADD UP" not in out


def test_a_daily_cost_leads_to_a_file_and_its_row(call, sample_workspace):
    (row,) = read(
        sample_workspace,
        "select costs_daily_id, cost from allocation.costs_daily"
        " where model = 'gpt-4o' and allocations > 1 order by cost desc, costs_daily_id limit 1",
    )
    out = call("explain", "allocation.costs_daily", row[0])
    place = next(line for line in out.splitlines() if line.startswith("charge "))
    file, number = place.split("file ")[1].split(", row ")
    assert (sample_workspace / file).is_file()
    billed = next(line for line in out.splitlines() if line.strip().startswith("BilledCost"))
    lines = (sample_workspace / file).read_text().splitlines()
    header = lines[0].split(",")
    cell = lines[int(number.replace(",", ""))].split(",")[header.index("BilledCost")]
    assert float(billed.split()[1].replace(",", "")) == float(cell)


def test_all_sources_and_the_restated_month_are_shown(call):
    out = call("status")
    assert "Restatements: 1" in out
    assert "2026-09" in out
    assert "Published " in out


def test_requests_can_be_queried_through_the_published_view(call):
    out = call(
        "query",
        "select count(*) as requests from cost_ledger.token_requests"
        " where usage_date = '2026-08-01'",
        "--format",
        "csv",
    )
    assert int(out.splitlines()[1]) > 0
