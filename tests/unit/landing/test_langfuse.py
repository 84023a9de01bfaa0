"""Langfuse's export of observations: the newest state of each, numbers only, no contents."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.errors import RefusedError
from orchestration.landing.land import land
from tests.unit.landing.usage_logs import (
    A_FEW,
    CANARY,
    COUNT,
    Landed,
    Workspace,
    deliver,
    holders,
    landed_files,
    lines,
    one,
)

pytestmark = pytest.mark.usefixtures("no_gate")

USAGE = {"input": 100, "output": 20, "input_cached_tokens": 60, "total": 180, "my.own-key": 5}
COSTS = {"input": 0.00025, "output": 0.0003, "total": 0.00055}


def observation(number: int, **changes: Any) -> dict[str, Any]:
    """A row of observations_v2."""
    return {
        "id": f"o-{number}",
        "trace_id": "t-1",
        "project_id": "p-1",
        "environment": "production",
        "type": "GENERATION",
        "parent_observation_id": None,
        "start_time": "2026-03-01 10:00:00.123456",
        "end_time": "2026-03-01 10:00:02.000000",
        "name": "answer",
        "metadata": {"team": "answers", "note": CANARY},
        "level": "DEFAULT",
        "status_message": CANARY,
        "provided_model_name": "gpt-4o",
        "model_parameters": {"note": CANARY},
        "input": CANARY,
        "output": CANARY,
        "usage_details": USAGE,
        "cost_details": COSTS,
        "total_cost": 0.00055,
        "usage_pricing_tier_name": "Standard",
        "user_id": "anna.example",
        "session_id": "s-1",
        "trace_name": "ask",
        "tags": [CANARY],
        "updated_at": "2026-03-01 10:00:03.000000",
        **changes,
    }


ROWS = [observation(1), observation(2)]
TOTALS = """
    select count(*), sum(usage_details_input), sum(usage_details_output),
        sum(usage_details_input_cached_tokens), sum(usage_details_total), sum(total_cost),
        sum(cost_details_total)
    from landing.langfuse_observations
"""
COST = Decimal("0.0011")
EXPECTED = (2, 200, 40, 120, 360, COST, COST)


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Maps and lists are JSON in CSV cells."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {k: json.dumps(v) if isinstance(v, dict | list) else v for k, v in row.items()}
        )
    return text.getvalue()


def as_parquet(rows: list[dict[str, Any]], folder: Path) -> bytes:
    """Typed columns: maps, decimals, times."""
    source = folder / "rows.json"
    source.write_text(lines(rows), encoding="utf-8")
    types = {
        name: "TIMESTAMP" if name.endswith(("_time", "_at")) else "VARCHAR" for name in rows[0]
    } | {
        "usage_details": "MAP(VARCHAR, UBIGINT)",
        "cost_details": "MAP(VARCHAR, DECIMAL(18,12))",
        "metadata": "MAP(VARCHAR, VARCHAR)",
        "total_cost": "DECIMAL(18,12)",
        "tags": "VARCHAR[]",
    }
    listed = ", ".join(f"{name}: '{kind}'" for name, kind in types.items())
    duckdb.sql(
        f"copy (from read_json('{source}', columns={{{listed}}})) to '{folder / 'rows.parquet'}'"
    )
    return (folder / "rows.parquet").read_bytes()


@pytest.mark.parametrize("kind", ["jsonl", "csv.gz", "parquet"])
def test_every_format_lands_the_same(
    workspace: Workspace, landed: Landed, tmp_path: Path, kind: str
) -> None:
    content: str | bytes = {"jsonl": lines(ROWS), "csv.gz": as_csv(ROWS)}.get(kind) or as_parquet(
        ROWS, tmp_path
    )
    more = 'mapping = {team = "metadata.team"}'
    settings = landed_files(workspace, "langfuse", {f"observations_v2/1.{kind}": content}, more)
    con = landed(settings)
    assert one(con, TOTALS) == EXPECTED
    row = one(
        con,
        "select provided_model_name, environment, user_id, team, start_time::varchar, _period, "
        "usage_details, level from landing.langfuse_observations where id = 'o-1'",
    )
    assert row[:6] == (
        "gpt-4o", "production", "anna.example", "answers", "2026-03-01 10:00:00.123456",
        "2026-03-01",
    )  # fmt: skip
    assert json.loads(row[6]) == USAGE and row[7] == "DEFAULT"
    assert not holders(settings, "canary-9c41")


def test_of_an_observation_the_newest_state_stands(workspace: Workspace, landed: Landed) -> None:
    later = observation(1, usage_details={"input": 7}, updated_at="2026-03-04 00:00:00.000000")
    older = observation(1, usage_details={"input": 9}, updated_at="2026-03-03 00:00:00.000000")
    # The newest stands whatever the file's name and the order of delivery.
    files = {"a.jsonl": lines([later]), "b.jsonl": lines(ROWS)}
    settings = landed_files(workspace, "langfuse", files)
    deliver(settings, {"c.jsonl": lines([older])})
    (result,) = land(settings)
    assert result.replaced == ("2026-03-01",)
    assert landed(settings).execute(
        "select id, usage_details_input from landing.langfuse_observations order by id"
    ).fetchall() == [("o-1", 7), ("o-2", 100)]


def test_arbitrary_keys_keep_their_numbers_and_lose_their_texts(
    workspace: Workspace, landed: Landed
) -> None:
    usage = {
        "input": "12", "weird": 3, CANARY: 4, f"also {CANARY}": 0.5, "text": CANARY,
        "nested": {"note": CANARY}, "nothing": None, 'quote"': 1,
    }  # fmt: skip
    files = {"a.jsonl": lines([observation(1, usage_details=usage)])}
    settings = landed_files(workspace, "langfuse", files)
    found = one(
        landed(settings),
        "select usage_details, usage_details_input from landing.langfuse_observations",
    )
    assert json.loads(found[0]) == {"input": 12, "weird": 3, "other": 5.5}
    assert found[1] == 12
    assert not holders(settings, "canary-9c41")


keys = st.one_of(
    st.sampled_from(["input", "output", "cache_read_input_tokens", "x.y", "an audio", 'a"b']),
    st.text(min_size=1, max_size=12).filter(lambda key: key not in ("other", "total")),
)


@given(maps=st.lists(st.dictionaries(keys, COUNT, max_size=6), min_size=1, max_size=25),
       folder=st.uuids().map(str))  # fmt: skip
@A_FEW
def test_whatever_keys_are_used_the_numbers_add_up(
    workspace: Workspace, landed: Landed, maps: list[dict[str, int]], folder: str
) -> None:
    rows = [
        observation(number, usage_details={**found, "total": sum(found.values())})
        for number, found in enumerate(maps)
    ]
    settings = landed_files(workspace, "langfuse", {"a.jsonl": lines(rows)}, folder=folder)
    stored = landed(settings).execute(
        "select usage_details, usage_details_total from landing.langfuse_observations"
    )
    whole = [(json.loads(text), total) for text, total in stored.fetchall()]
    assert len(whole) == len(rows)
    for numbers, total in whole:
        assert numbers.pop("total") == total == sum(numbers.values())
    assert sum(total for _, total in whole) == sum(sum(found.values()) for found in maps)


def test_names_of_the_public_api_are_known_too(workspace: Workspace, landed: Landed) -> None:
    row = {
        "id": "o-1", "traceId": "t", "startTime": "2026-03-01T10:00:00.000Z",
        "endTime": "2026-03-01T10:00:02Z", "model": "gpt-4o", "usageDetails": USAGE,
        "costDetails": COSTS, "totalCost": 0.00055, "input": CANARY,
    }  # fmt: skip
    con = landed(landed_files(workspace, "langfuse", {"a.json": json.dumps([row])}))
    assert one(con, TOTALS)[:5] == (1, 100, 20, 60, 180)
    assert one(con, "select provided_model_name from landing.langfuse_observations") == "gpt-4o"


def test_models_are_matched_with_the_price_book(workspace: Workspace, landed: Landed) -> None:
    files = {"a.jsonl": lines(ROWS)}
    con = landed(landed_files(workspace, "langfuse", files, 'constants = {provider = "azure"}'))
    found = con.execute("select provider, model, price_model from landing.model_matches")
    assert found.fetchall() == [("azure", "gpt-4o", "gpt-4o")]


def test_users_are_hashed_where_that_is_asked_for(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "secret of ours")
    more = 'options = {hash_users_key_env = "A_KEY"}'
    settings = landed_files(workspace, "langfuse", {"a.csv": as_csv(ROWS)}, more)
    assert not holders(settings, "anna.example")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"usage_details": CANARY}, "holds 'no map of numbers'"),
        ({"usage_details": [CANARY]}, "holds 'no map of numbers'"),
        ({"usage_details": {"input": 2.5}}, "holds '2.5 (no whole number)'"),
        ({"total_cost": "ten"}, "total_cost holds 'ten', which is no amount"),
        ({"start_time": None}, "start_time is empty"),
    ],
)
def test_broken_rows_are_refused_by_row_and_rule(
    workspace: Workspace, changes: dict[str, Any], rule: str
) -> None:
    files = {"a.jsonl": lines([*ROWS, observation(3, **changes)])}
    with pytest.raises(RefusedError) as refusal:
        landed_files(workspace, "langfuse", files)
    assert rule in str(refusal.value) and refusal.value.row == 3
    assert "canary-9c41" not in str(refusal.value)
