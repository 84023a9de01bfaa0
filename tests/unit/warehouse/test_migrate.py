"""A lake that is carried to another workspace says the same there, however often it is tried."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from orchestration.errors import SettingsError, TwinledgerError
from orchestration.landing import migrate as migration
from orchestration.landing.lake import Lake
from orchestration.landing.land import land
from orchestration.landing.migrate import Migration, differences, migrate
from orchestration.settings import Settings, load_settings

pytestmark = pytest.mark.usefixtures("no_gate")

Workspace = Callable[..., Settings]
Landed = Callable[..., duckdb.DuckDBPyConnection]

SOURCES = """
[[sources]]
name = "log"
type = "token_events"
uri = "log/*.csv"
[[sources]]
name = "bill"
type = "cost_lines"
uri = "bill.csv"
"""
LOG = "started_at,input_tokens,output_tokens,request_id\n"


@pytest.fixture
def company(workspace: Workspace) -> Settings:
    """Two log files of one day with a request in both, a bad row, and a bill that was restated."""
    settings = workspace("[gate]\nmax_quarantined_share = 0.5\n" + SOURCES)
    (settings.folder / "log").mkdir()
    first = LOG + "2026-10-01T10:00:00Z,1,2,a\n2026-10-01T11:00:00Z,3,4,b\nbad,1,1,c\n"
    (settings.folder / "log" / "1.csv").write_text(first)
    (settings.folder / "log" / "2.csv").write_text(LOG + "2026-10-01T10:00:00Z,1,2,a\n")
    for cost in (10, 11):
        bill = f"charge_date,cost,currency,service\n2026-10-05,{cost},USD,gpu\n"
        (settings.folder / "bill.csv").write_text(bill)
        land(settings)
    return settings


def everything(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    names = con.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
    ).fetchall()
    return {name: con.execute(f"from {name} order by all").fetchall() for (name,) in names}


def test_the_other_lake_says_the_same(
    company: Settings, workspace: Workspace, landed: Landed
) -> None:
    other = workspace(SOURCES, folder="other")
    assert migrate(company, other) == Migration(loads=4, standing=0, rows=5)
    assert everything(landed(other)) == everything(landed(company))
    assert migrate(company, other) == Migration(loads=0, standing=4, rows=0)


def test_two_settings_files_may_lie_in_one_folder(company: Settings) -> None:
    beside = company.folder / "beside.toml"
    beside.write_text('[warehouse]\nlake = "other-lake"\n' + SOURCES)
    assert migrate(company, load_settings(beside)).loads == 4


def test_its_rows_are_numbered_and_its_times_are_instants(
    company: Settings, workspace: Workspace
) -> None:
    other = workspace(SOURCES, folder="other")
    migrate(company, other)
    lake = Lake(other)
    (part,) = (f.part for m in lake.of_source("log") for f in m.files if f.name.endswith("1.csv"))
    assert part is not None
    table = pq.read_table(lake.local(part))
    assert table.column("_source_row").to_pylist() == [1, 2]
    assert str(table.schema.field("started_at").type) == "timestamp[us, tz=UTC]"
    assert "_rule" not in table.column_names


def test_a_run_that_was_broken_off_is_taken_up(
    company: Settings, workspace: Workspace, landed: Landed, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = workspace(SOURCES, folder="other")
    carry, calls = migration._carry, []

    def breaks(*arguments: object) -> None:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        carry(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(migration, "_carry", breaks)
    with pytest.raises(KeyboardInterrupt):
        migrate(company, other)
    monkeypatch.undo()
    assert migrate(company, other).standing == 2
    assert everything(landed(other)) == everything(landed(company))


def test_a_lake_that_holds_something_else_is_left_alone(
    company: Settings, workspace: Workspace
) -> None:
    other = workspace(SOURCES, folder="other")
    (other.folder / "bill.csv").write_text((company.folder / "bill.csv").read_text())
    (other.folder / "log").mkdir()
    (other.folder / "log" / "1.csv").write_text(LOG + "2026-10-02T10:00:00Z,1,2,a\n")
    land(other)
    # The bill of both is the same delivery, but the other landed it first and once.
    manifests = Path(Lake(other).root) / "_loads"
    mine, theirs = Lake(company).of_source("bill")[0], Lake(other).of_source("bill")[0]
    text = (manifests / f"{theirs.load_id}.json").read_text()
    (manifests / f"{theirs.load_id}.json").unlink()
    (manifests / f"{mine.load_id}.json").write_text(text.replace(theirs.load_id, mine.load_id))
    with pytest.raises(TwinledgerError, match="holds another load"):
        migrate(company, other)


def test_a_source_that_the_other_file_lacks_is_named(
    company: Settings, workspace: Workspace
) -> None:
    other = workspace(SOURCES.replace('"bill"', '"invoice"'), folder="other")
    with pytest.raises(SettingsError, match="the source 'bill' is missing"):
        migrate(company, other)


def test_totals_are_compared_to_the_last_decimal() -> None:
    one = {"charges": {"cost": "1.50", "list_cost": "2"}}
    assert differences(one, {"charges": {"cost": "1.5", "list_cost": "2.000"}}) == []
    other = {"charges": {"cost": "1.500000000000000001", "list_cost": "2"}, "more": {"cost": "1"}}
    assert differences(one, other) == [
        "charges.cost: 1.50 here, 1.500000000000000001 there",
        "more.cost: nothing here, 1 there",
    ]
