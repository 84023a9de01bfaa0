"""Land, build, forecast, publish, on a project of four models."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.build import BuildFailedError
from orchestration.errors import RefusedError, SettingsError
from orchestration.pipeline import publish_step, run
from orchestration.settings import Settings
from tests.integration.mini_project import SETTINGS, use_mini_project, write_days

pytestmark = pytest.mark.usefixtures("no_gate", "project")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return use_mini_project(tmp_path / "project", monkeypatch)


@pytest.fixture
def company(workspace: Callable[..., Settings]) -> Settings:
    settings = workspace(SETTINGS)
    write_days(settings.folder, 31)
    write_days(settings.folder, 20, month="2026-09")
    return settings


def marts(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.publish / "marts.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_a_run_publishes_what_landed_and_a_second_one_nothing(company: Settings) -> None:
    first = run(company)

    assert first.outcome == "published"
    totals = marts(company, "select count(*), sum(cost)::int from cost_ledger.daily_costs")
    assert totals == [(51, 1216)]
    assert marts(company, "select count(*), any_value(owner) from cost_ledger.charge_rows") == [
        (51, "fin")
    ]
    assert marts(company, "select status, sum(row_count)::int from landing.loads where dataset ="
                 " 'units' group by status") == [("accepted", 51)]  # fmt: skip
    # One vintage of today's knowledge, one back-cast at the only month start with 28 days before.
    assert marts(
        company,
        "select vintage::varchar, is_backcast, count(*), max(target_date)::varchar"
        " from planning.forecasts group by all order by 1",
    ) == [("2026-09-01", True, 61, "2026-10-31"), ("2026-09-21", False, 41, "2026-10-31")]

    second = run(company)
    assert (second.outcome, second.publish_id) == ("nothing new", first.publish_id)
    assert second.rows == first.rows


def test_every_table_and_column_is_commented_and_has_a_parquet_copy(company: Settings) -> None:
    run(company)
    assert marts(
        company, "select table_name, comment from duckdb_tables() where not internal order by 1"
    ) == [
        ("daily_costs", "One day's cost. One row per day."),
        ("forecasts", "Quantiles."),
        ("limits", ""),
        ("loads", "What arrived. One row per delivery."),
        ("publish_log", "Every publish so far, the newest is what stands. One row per publish."),
    ]
    assert marts(
        company,
        "select column_name, comment from duckdb_columns()"
        " where table_name = 'daily_costs' and comment <> ''",
    ) == [("charge_date", "The UTC day; what's on it."), ("cost", "Money, exact.")]
    file = company.publish / "parquet" / "cost_ledger" / "daily_costs.parquet"
    assert duckdb.sql(f"select count(*), sum(cost)::int from '{file}'").fetchall() == [(51, 1216)]


def test_a_later_run_keeps_the_log_and_takes_only_what_changed(company: Settings) -> None:
    first = run(company)
    write_days(company.folder, 31, cost=20)
    second = run(company)

    assert second.outcome == "published"
    log = marts(company, "select publish_id, totals from publish_log order by published_at")
    assert [row[0] for row in log] == [first.publish_id, second.publish_id]
    totals = json.loads(str(log[1][1]))["cost_ledger.daily_costs"]
    assert float(totals["cost"]) == 1216 + 310
    # The vintages stand as they were issued, although the history under them was restated.
    assert marts(company, "select count(distinct vintage) from planning.forecasts") == [(2,)]


def test_a_blocked_build_names_the_rows_and_publishes_nothing(company: Settings) -> None:
    before = run(company)
    write_days(company.folder, 20, cost=990, month="2026-09")
    with pytest.raises(BuildFailedError) as failure:
        run(company)

    text = str(failure.value)
    assert "no_cost_is_above_the_limit" in text and "Guards the budget." in text
    assert "kpi spend, scope 2026-09-11, value 1001, threshold 1000, owner fin" in text
    assert "and 5 more" in text
    assert marts(company, "select max_by(publish_id, published_at) from publish_log") == [
        (before.publish_id,)
    ]
    # The half-new build file must not be published by hand either.
    with pytest.raises(Exception, match="no finished build"):
        publish_step(company)

    write_days(company.folder, 20, cost=30, month="2026-09")
    assert run(company).outcome == "published"


def test_a_reference_file_replaces_the_shipped_one(
    workspace: Callable[..., Settings], company: Settings
) -> None:
    (company.folder / "limits.csv").write_text("owner,level,limit_value\nboss,block,5\n", "utf-8")
    settings = workspace('[reference]\nlimits = "limits.csv"\n' + SETTINGS)
    with pytest.raises(BuildFailedError, match="owner boss"):
        run(settings)

    (company.folder / "limits.csv").write_text("owner,level,limit\nboss,block,5\n", "utf-8")
    with pytest.raises(SettingsError, match="lacks the column 'limit_value'"):
        run(settings)


def test_two_workspaces_build_in_one_process(workspace: Callable[..., Settings]) -> None:
    one, other = workspace(SETTINGS, "one"), workspace(SETTINGS, "other")
    write_days(one.folder, 10)
    write_days(other.folder, 20)
    run(one)
    run(other)
    assert marts(one, "select count(*) from cost_ledger.daily_costs") == [(10,)]
    assert marts(other, "select count(*) from cost_ledger.daily_costs") == [(20,)]
    # All handles are given back: both build files can be opened for writing.
    for settings in (one, other):
        duckdb.connect(str(settings.build)).close()


def test_a_refused_delivery_stops_the_run_before_the_build(company: Settings) -> None:
    before = run(company)
    (company.folder / "in" / "2026-09.csv").write_text("date,unit\n2026-09-01,usd\n", "utf-8")
    with pytest.raises(RefusedError):
        run(company)
    assert marts(company, "select publish_id from publish_log") == [(before.publish_id,)]


def test_a_past_state_is_published_beside_the_present(company: Settings) -> None:
    from datetime import UTC, datetime

    run(company)
    today = datetime.now(UTC).date()
    past = run(company, as_of=today)
    file = company.publish / "as_of" / today.isoformat() / "marts.duckdb"
    assert past.place == str(file)
    assert duckdb.connect(str(file), read_only=True).execute(
        "select count(*) from cost_ledger.daily_costs"
    ).fetchall() == [(51,)]
    assert run(company).outcome == "nothing new"


def test_a_broken_build_file_is_built_anew(company: Settings) -> None:
    run(company)
    company.build.write_bytes(b"no database at all" * 1000)
    told: list[str] = []
    assert run(company, force=True, progress=told.append).outcome == "published"
    assert "the build file cannot be read: building anew" in told


def test_the_prices_of_a_package_version_land_once(company: Settings) -> None:
    from orchestration.landing.lake import Lake
    from orchestration.pricing import ensure_price_snapshot

    assert ensure_price_snapshot(company) is not None
    assert ensure_price_snapshot(company) is None
    (company.work / "prices.json").unlink()
    assert ensure_price_snapshot(company) is None
    (snapshot,) = Lake(company).of_source("genai_prices")
    assert snapshot.periods[0].row_count > 10_000
