"""LiteLLM's daily tables in files: the newest state of a row stands, scopes are told apart."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.errors import RefusedError, SettingsError
from orchestration.landing.land import land
from tests.unit.landing.usage_logs import (
    A_FEW,
    COUNT,
    Landed,
    Workspace,
    deliver,
    landed_files,
    lines,
    one,
)

pytestmark = pytest.mark.usefixtures("no_gate")


def row(number: int, entity: str = "user_id", day: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"d-{number}",
        entity: "someone",
        "date": f"2026-03-0{day}",
        "api_key": "key-hash",
        "model": "gpt-4o",
        "custom_llm_provider": "openai",
        "prompt_tokens": 1000,
        "completion_tokens": 200,
        "cache_read_input_tokens": 600,
        "cache_creation_input_tokens": 100,
        "spend": 0.0125,
        "api_requests": 10,
        "successful_requests": 9,
        "failed_requests": 1,
        "created_at": "2026-03-01 10:00:00",
        "updated_at": f"2026-03-0{day} 10:00:00",
        **changes,
    }


def as_csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


TOTALS = (
    "select scope, count(*), sum(prompt_tokens), sum(spend) from landing.litellm_daily "
    "group by scope order by scope"
)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_every_format_lands_the_same(
    workspace: Workspace, landed: Landed, tmp_path: Path, kind: str
) -> None:
    rows = [row(1), row(2, day=2)]
    content: str | bytes = as_csv(rows) if kind == "csv" else lines(rows)
    if kind == "parquet":
        (tmp_path / "rows.json").write_text(lines(rows), encoding="utf-8")
        target = tmp_path / "rows.parquet"
        duckdb.sql(f"copy (from read_json('{tmp_path / 'rows.json'}')) to '{target}'")
        content = target.read_bytes()
    con = landed(landed_files(workspace, "litellm_daily", {f"daily.{kind}": content}))
    assert con.execute(TOTALS).fetchall() == [("user", 2, 2000, Decimal("0.025"))]
    assert one(con, "select date::varchar, _period from landing.litellm_daily order by 1") == (
        "2026-03-01", "2026-03-01",
    )  # fmt: skip


def test_the_tables_of_each_entity_have_their_scope(workspace: Workspace, landed: Landed) -> None:
    entities = {
        "user": "user_id", "team": "team_id", "tag": "tag", "organization": "organization_id",
        "end_user": "end_user_id",
    }  # fmt: skip
    files = {
        f"{scope}.csv": as_csv([row(place, entity)])
        for place, (scope, entity) in enumerate(entities.items())
    }
    con = landed(landed_files(workspace, "litellm_daily", files))
    assert con.execute(TOTALS).fetchall() == [
        (scope, 1, 1000, Decimal("0.0125")) for scope in sorted(entities)
    ]


def test_an_unattributed_row_is_of_its_table_s_scope(workspace: Workspace, landed: Landed) -> None:
    files = {"team.csv": as_csv([row(1, "team_id", team_id="")])}
    con = landed(landed_files(workspace, "litellm_daily", files))
    assert one(con, "select scope, team_id from landing.litellm_daily") == ("team", None)


def test_a_later_export_restates_its_days(workspace: Workspace, landed: Landed) -> None:
    settings = landed_files(
        workspace, "litellm_daily", {"2026-03-02.csv": as_csv([row(1), row(2, day=2)])}
    )
    changed = row(2, day=2, prompt_tokens=1500, spend=0.02, updated_at="2026-03-03 00:00:01")
    deliver(settings, {"2026-03-03.csv": as_csv([changed, row(3, day=3)])})
    (result,) = land(settings)
    assert result.replaced == ("2026-03-02",)
    assert landed(settings).execute(
        "select id, prompt_tokens from landing.litellm_daily order by id"
    ).fetchall() == [("d-1", 1000), ("d-2", 1500), ("d-3", 1000)]
    # An older export that arrives late changes nothing.
    deliver(settings, {"a-late-one.csv": as_csv([row(2, day=2)])})
    land(settings)
    assert one(landed(settings), "select sum(prompt_tokens) from landing.litellm_daily") == 3500


day = st.tuples(COUNT, COUNT, st.decimals(0, 1000, places=6))


@given(days=st.lists(day, min_size=1, max_size=40), folder=st.uuids().map(str))
@A_FEW
def test_whatever_a_day_holds_lands_exactly(
    workspace: Workspace, landed: Landed, days: list[tuple[int, int, Decimal]], folder: str
) -> None:
    rows = [
        row(n, prompt_tokens=prompt, cache_read_input_tokens=read, spend=f"{spend:f}")
        for n, (prompt, read, spend) in enumerate(days)
    ]
    files = {"daily.csv": as_csv(rows)}
    con = landed(landed_files(workspace, "litellm_daily", files, folder=folder))
    assert one(
        con,
        "select sum(prompt_tokens), sum(cache_read_input_tokens), sum(spend) "
        "from landing.litellm_daily",
    ) == tuple(sum(column) for column in zip(*days, strict=True))


def test_settings_are_checked(workspace: Workspace) -> None:
    with pytest.raises(SettingsError, match="did you mean 'team'"):
        landed_files(workspace, "litellm_daily", {}, 'options = {scopes = "user, teem"}')
    with pytest.raises(SettingsError, match="did you mean 'scopes'"):
        landed_files(workspace, "litellm_daily", {}, 'options = {scope = "user"}')


def test_the_spend_log_of_the_same_gateway_would_count_twice(workspace: Workspace) -> None:
    log = '[[sources]]\nname = "log"\ntype = "litellm"\nuri = "log.csv"\n'
    days = '[[sources]]\nname = "days"\ntype = "litellm_daily"\nuri = "days.csv"\n'
    with pytest.raises(SettingsError, match=r"'days' .* 'log' .* hold the same requests"):
        workspace(log + days)
    settings = workspace(f'{log}{days}options = {{gateway = "eu"}}\n')
    assert [source.name for source in settings.sources] == ["log", "days"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"date": "March"}, "date holds 'March', which is not a date"),
        ({"spend": "much"}, "spend holds 'much', which is no amount"),
        ({"prompt_tokens": -1}, "prompt_tokens holds '-1', which is below zero"),
        ({"id": ""}, "id is empty"),
    ],
)
def test_broken_rows_are_refused_by_row_and_rule(
    workspace: Workspace, changes: dict[str, Any], rule: str
) -> None:
    files = {"daily.csv": as_csv([row(1), row(2, **changes)])}
    with pytest.raises(RefusedError) as refusal:
        landed_files(workspace, "litellm_daily", files)
    assert rule in str(refusal.value) and refusal.value.row == 2


def test_a_table_without_an_entity_is_refused(workspace: Workspace) -> None:
    files = {"daily.csv": as_csv([row(1, "project")])}
    with pytest.raises(RefusedError, match="'scope' or 'user_id'"):
        landed_files(workspace, "litellm_daily", files)
