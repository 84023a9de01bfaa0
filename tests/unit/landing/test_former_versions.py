"""Parts that a former version landed have fewer columns: they are read on, with nulls for these."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.errors import TwinledgerError
from orchestration.landing import shapes
from orchestration.landing.lake import Lake
from orchestration.landing.land import land
from orchestration.landing.migrate import migrate
from orchestration.settings import Settings
from tests.unit.landing.former_version import silence, version
from tests.unit.landing.usage_logs import deliver, lines

pytestmark = pytest.mark.usefixtures("no_gate")

Workspace = Callable[..., Settings]
Landed = Callable[..., duckdb.DuckDBPyConnection]

NEW = ("user_id", "metadata_service_tier", "metadata_cache_write_5m_tokens")
SOURCES = """
[gate]
max_quarantined_share = 0.5
[[sources]]
name = "log"
type = "litellm"
uri = "in/*.jsonl"
"""
QUERY = (
    "select request_id, completion_tokens, user_id, metadata_service_tier, _source_row "
    "from landing.litellm_spend_logs order by all"
)


def call(request: str, day: int, completion: int, **more: Any) -> dict[str, Any]:
    return {
        "request_id": request,
        "prompt_tokens": 10,
        "completion_tokens": completion,
        "total_tokens": 10 + completion,
        "startTime": f"2026-10-{day:02} 10:00:00",
        "endTime": f"2026-10-{day:02} 10:00:{completion:02}",
        "model": "gpt-4o",
        "user": "anna",
        "metadata": {"usage_object": {"service_tier": "flex"}},
        **more,
    }


# The second file repeats request b, later; the first has a row that cannot be read.
FILES = {
    "1.jsonl": lines([call("a", 1, 1), call("bad", 1, -1), call("b", 1, 2)]),
    "2.jsonl": lines([call("b", 1, 3), call("c", 2, 4)]),
}
FORMER = [("a", 1, None, None, 1), ("b", 3, None, None, 1), ("c", 4, None, None, 2)]


@pytest.fixture(params=["manifests list the columns", "manifests do not"])
def company(workspace: Workspace, request: pytest.FixtureRequest) -> Settings:
    settings = workspace(SOURCES)
    deliver(settings, FILES)
    with version("litellm", *NEW):
        land(settings)
    if request.param == "manifests do not":
        silence(settings)
    return settings


def everything(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    names = con.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
    ).fetchall()
    return {name: con.execute(f"from {name} order by all").fetchall() for (name,) in names}


def test_what_stood_stands_on_with_nulls_for_what_is_new(company: Settings, landed: Landed) -> None:
    with version("litellm", *NEW):
        before = everything(landed(company))
    con = landed(company)
    after = everything(con)
    assert con.execute(QUERY).fetchall() == FORMER
    assert len(after["quarantine.litellm_spend_logs"]) == 1
    for name in before:
        if name != "landing.litellm_spend_logs":
            assert after[name] == before[name], name
    kinds = dict(
        con.execute(
            "select column_name, column_type from (describe landing.litellm_spend_logs)"
        ).fetchall()
    )
    assert kinds["metadata_cache_write_5m_tokens"] == "BIGINT"


def test_nothing_is_landed_again_by_itself(company: Settings) -> None:
    assert not land(company)[0].is_new


def test_old_and_new_parts_stand_side_by_side(company: Settings, landed: Landed) -> None:
    before = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    # A restated day, a repeat of a request of an old part that stays, and a new day.
    deliver(company, {"2.jsonl": lines([call("b", 1, 5), call("c", 2, 6)])})
    deliver(company, {"3.jsonl": lines([call("a", 1, 7), call("d", 3, 8)])})
    land(company)
    con = landed(company)
    assert con.execute(QUERY).fetchall() == [
        ("a", 7, "anna", "flex", 1),
        ("b", 5, "anna", "flex", 1),
        ("c", 6, "anna", "flex", 2),
        ("d", 8, "anna", "flex", 2),
    ]
    assert con.execute(
        "select period, row_count, record_count from landing.standing order by period"
    ).fetchall() == [("2026-10-01", 4, 2), ("2026-10-02", 1, 1), ("2026-10-03", 1, 1)]
    assert landed(company, as_of=before).execute(QUERY).fetchall() == FORMER


def test_an_old_part_of_which_only_some_periods_stand_is_read(
    workspace: Workspace, landed: Landed
) -> None:
    settings = workspace(
        '[[sources]]\nname = "jobs"\ntype = "gpu_jobs"\nuri = "in/*.csv"\ndelivery = "snapshot"\n'
    )
    header = "job,gpus,started_at,queue\n"
    first = "j1,1,2026-10-01T00:00:00Z,q\n"
    deliver(settings, {"jobs.csv": f"{header}{first}j2,2,2026-10-02T00:00:00Z,q\n"})
    with version("gpu_jobs", "queue"):
        land(settings)
    deliver(settings, {"jobs.csv": f"{header}j2,3,2026-10-02T00:00:00Z,q\n"})
    land(settings)
    assert landed(settings).execute(
        "select job, gpus, queue from landing.gpu_jobs order by job"
    ).fetchall() == [("j1", 1, None), ("j2", 3, "q")]


def test_files_that_are_still_there_fill_the_new_columns(company: Settings, landed: Landed) -> None:
    land(company, force=True)
    assert landed(company).execute(QUERY).fetchall() == [
        (name, completion, "anna", "flex", row) for name, completion, _, _, row in FORMER
    ]


def test_a_footer_is_looked_into_once_and_only_where_the_manifest_is_silent(
    company: Settings, landed: Landed, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    footer = shapes._footer

    def look(lake: Lake, part: str) -> str:
        looked.append(part)
        return footer(lake, part)

    monkeypatch.setattr(shapes, "_footer", look)
    silent = [item for item in Lake(company).manifests if not item.landed_columns]
    for _ in range(2):
        landed(company)
        assert len(looked) == len(silent)
    deliver(company, {"3.jsonl": lines([call("d", 3, 8)])})
    land(company)
    landed(company)
    assert len(looked) == len(silent)


def test_a_lake_is_carried_with_all_columns(
    company: Settings, workspace: Workspace, landed: Landed
) -> None:
    deliver(company, {"3.jsonl": lines([call("a", 1, 7), call("d", 3, 8)])})
    land(company)
    other = workspace(SOURCES, folder="other")
    assert migrate(company, other).loads == 3
    assert everything(landed(other)) == everything(landed(company))
    assert migrate(company, other).standing == 3


@pytest.fixture
def newer(workspace: Workspace) -> Settings:
    """A lake that a newer version landed, read by the present one."""
    settings = workspace(SOURCES)
    deliver(settings, FILES)
    with version("litellm", knows={"novelty": "varchar"}):
        land(settings)
    return settings


def test_columns_of_a_newer_version_are_not_read(newer: Settings, landed: Landed) -> None:
    con = landed(newer)
    assert len(con.execute(QUERY).fetchall()) == 3
    assert "novelty" not in con.execute("from landing.litellm_spend_logs").df().columns


def test_columns_of_a_newer_version_are_not_left_out_of_a_copy(
    newer: Settings, workspace: Workspace
) -> None:
    other = workspace(SOURCES, folder="other")
    with pytest.raises(TwinledgerError, match=r"newer version.*\(novelty\)"):
        migrate(newer, other)
    assert not Lake(other).manifests


def test_a_manifest_of_a_newer_version_is_told(company: Settings, landed: Landed) -> None:
    path = sorted((Path(Lake(company).root) / "_loads").glob("*.json"))[0]
    path.write_text(path.read_text().replace("{", '{"novelty": 1,', 1))
    with pytest.raises(TwinledgerError, match="was landed by a newer version of Twinledger"):
        landed(company)


def test_a_column_of_another_type_is_told(workspace: Workspace, landed: Landed) -> None:
    settings = workspace(SOURCES)
    deliver(settings, FILES)
    with version("litellm", knows={"total_tokens": "varchar"}):
        land(settings)
    with pytest.raises(
        TwinledgerError, match=r"litellm_spend_logs.total_tokens is varchar in the load log-000001"
    ):
        landed(settings)
    land(settings, force=True)
    assert len(landed(settings).execute(QUERY).fetchall()) == 3
