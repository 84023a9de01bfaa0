"""Vertex AI's request-response log: sampled usage in every shape that its export has."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.errors import RefusedError, SettingsError
from tests.unit.landing.usage_logs import (
    A_FEW,
    CANARY,
    COUNT,
    Landed,
    Workspace,
    holders,
    landed_files,
    lines,
    one,
)

pytestmark = pytest.mark.usefixtures("no_gate")

RATE = "constants = {sampling_rate = 0.25}"
USAGE = {
    "promptTokenCount": 100,
    "cachedContentTokenCount": 60,
    "candidatesTokenCount": 20,
    "thoughtsTokenCount": 7,
    "toolUsePromptTokenCount": 3,
    "totalTokenCount": 130,
    "trafficType": "PROVISIONED_THROUGHPUT",
    "promptTokensDetails": [
        {"modality": "TEXT", "tokenCount": 70},
        {"modality": "IMAGE", "tokenCount": 30},
    ],
    "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 60}],
    "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 20}],
}


def record(number: int, usage: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A row of the log's BigQuery table."""
    return {
        "endpoint": "projects/1/locations/global/publishers/google/models/gemini-2.5-pro",
        "deployed_model_id": None,
        "logging_time": "2026-03-01 10:00:00.123456 UTC",
        "request_id": str(10**19 + number),
        "model": "publishers/google/models/gemini-2.5-pro",
        "model_version": "gemini-2.5-pro",
        "api_method": "generateContent",
        "full_request": {
            "contents": [{"parts": [{"text": CANARY}]}],
            "labels": {"team": "answers", "note": CANARY},
        },
        "full_response": {
            "candidates": [{"content": CANARY}],
            "usageMetadata": USAGE if usage is None else usage,
        },
        "metadata": {"note": CANARY},
        **changes,
    }


def as_text(row: dict[str, Any]) -> dict[str, Any]:
    """JSON columns as texts, as other exports than JSON lines have them."""
    return {
        key: json.dumps(value) if isinstance(value, dict) else value for key, value in row.items()
    }


TOTALS = """
    select count(*), sum(promptTokenCount), sum(cachedContentTokenCount),
        sum(candidatesTokenCount), sum(thoughtsTokenCount), sum(toolUsePromptTokenCount),
        sum(totalTokenCount), sum(prompt_text_tokens), sum(prompt_image_tokens),
        sum(cache_text_tokens), sum(candidates_audio_tokens), min(sampling_rate)
    from landing.vertex_usage
"""
EXPECTED = (2, 200, 120, 40, 14, 6, 260, 140, 60, 120, 40, Decimal("0.25"))


def parquet(rows: list[dict[str, Any]], path: Path) -> bytes:
    """Rows as a Parquet file whose JSON columns are texts."""
    source = path / "rows.json"
    source.write_text(lines(map(as_text, rows)), encoding="utf-8")
    names = ", ".join(f"{name}: 'VARCHAR'" for name in rows[0])
    duckdb.sql(
        f"copy (select * replace (cast(logging_time as timestamptz) as logging_time) from "
        f"read_json('{source}', columns={{{names}}})) to '{path / 'rows.parquet'}'"
    )
    return (path / "rows.parquet").read_bytes()


ROWS = [record(1), record(2)]
SHAPES = {
    "JSON columns": {"a.jsonl": lines(ROWS)},
    "JSON in texts": {"a.json.gz": lines(map(as_text, ROWS))},
    "chunks of a stream": {
        "a.jsonl": lines(
            {
                **row,
                "full_response": [{"usageMetadata": {"totalTokenCount": 1}}, row["full_response"]],
            }
            for row in ROWS
        )
    },
    "usage alone": {
        "a.jsonl": lines(
            {
                "timestamp": "2026-03-01T10:00:00Z",
                "responseId": str(number),
                "modelVersion": "gemini-2.5-pro",
                "usageMetadata": USAGE,
            }
            for number in (1, 2)
        )
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_lands_the_same_counts(
    workspace: Workspace, landed: Landed, shape: str
) -> None:
    settings = landed_files(workspace, "vertex_usage", SHAPES[shape], RATE)
    con = landed(settings)
    assert one(con, TOTALS) == EXPECTED
    assert one(con, "select distinct provider, model, trafficType from landing.vertex_usage") == (
        "google", "gemini-2.5-pro", "PROVISIONED_THROUGHPUT",
    )  # fmt: skip
    assert not holders(settings, "canary-9c41")


def test_a_parquet_export_lands_the_same_counts(
    workspace: Workspace, landed: Landed, tmp_path: Path
) -> None:
    files = {"a.parquet": parquet(ROWS, tmp_path)}
    con = landed(landed_files(workspace, "vertex_usage", files, RATE))
    assert one(con, TOTALS) == EXPECTED
    assert one(con, "select publisher, _period from landing.vertex_usage limit 1") == (
        "google", "2026-03-01",
    )  # fmt: skip


parts = st.tuples(COUNT, COUNT, COUNT, COUNT, st.integers(0, 100))


@given(usages=st.lists(parts, min_size=1, max_size=40), folder=st.uuids().map(str))
@A_FEW
def test_whatever_is_used_adds_up_to_the_source_s_own_total(
    workspace: Workspace, landed: Landed, usages: list[tuple[int, ...]], folder: str
) -> None:
    records = [
        record(
            number,
            {
                "promptTokenCount": prompt,
                "cachedContentTokenCount": prompt * share // 100,
                "candidatesTokenCount": out,
                # Vertex leaves out what is zero.
                **({"thoughtsTokenCount": thoughts} if thoughts else {}),
                **({"toolUsePromptTokenCount": tools} if tools else {}),
                "totalTokenCount": prompt + out + thoughts + tools,
            },
        )
        for number, (prompt, out, thoughts, tools, share) in enumerate(usages)
    ]
    files = {"a.jsonl": lines(records)}
    con = landed(landed_files(workspace, "vertex_usage", files, RATE, folder=folder))
    _, prompt, cached, out, thoughts, tools, total, *_ = one(con, TOTALS)
    assert prompt + out + (thoughts or 0) + (tools or 0) == total
    assert total == sum(sum(usage[:4]) for usage in usages)
    assert cached <= prompt


def test_claude_on_vertex_counts_in_its_own_fields(workspace: Workspace, landed: Landed) -> None:
    usage = {
        "input_tokens": 5, "output_tokens": 6, "cache_read_input_tokens": 7,
        "cache_creation_input_tokens": 9,
        "cache_creation": {"ephemeral_5m_input_tokens": 8, "ephemeral_1h_input_tokens": 1},
    }  # fmt: skip
    row = record(
        1,
        model="publishers/anthropic/models/claude-sonnet-4@20250514",
        full_response={"content": CANARY, "usage": usage},
    )
    con = landed(landed_files(workspace, "vertex_usage", {"a.jsonl": lines([row])}, RATE))
    assert one(
        con,
        "select publisher, model, usage_input_tokens, usage_output_tokens, "
        "usage_cache_read_input_tokens, usage_cache_creation_input_tokens, "
        "usage_cache_creation_ephemeral_5m_input_tokens, "
        "usage_cache_creation_ephemeral_1h_input_tokens, totalTokenCount from landing.vertex_usage",
    ) == ("anthropic", "claude-sonnet-4@20250514", 5, 6, 7, 9, 8, 1, None)


def test_labels_of_the_request_are_read_by_name_only(workspace: Workspace, landed: Landed) -> None:
    more = RATE + '\nmapping = {team = "full_request.labels.team"}'
    settings = landed_files(workspace, "vertex_usage", SHAPES["JSON in texts"], more)
    assert one(landed(settings), "select distinct team from landing.vertex_usage") == "answers"
    assert not holders(settings, "canary-9c41")


def test_a_failed_request_has_a_code_and_no_message(workspace: Workspace, landed: Landed) -> None:
    error = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": CANARY}}
    files = {"a.jsonl": lines([record(1, full_response=error)])}
    settings = landed_files(workspace, "vertex_usage", files, RATE)
    found = one(landed(settings), "select error_code, totalTokenCount from landing.vertex_usage")
    assert found == ("RESOURCE_EXHAUSTED", None)
    assert not holders(settings, "canary-9c41")


def test_the_rate_may_stand_in_the_rows(workspace: Workspace, landed: Landed) -> None:
    rows = [record(1, sampling_rate=0.1), record(2, sampling_rate=1)]
    more = "options = {sampling_rate_in_rows = true}"
    con = landed(landed_files(workspace, "vertex_usage", {"a.jsonl": lines(rows)}, more))
    assert con.execute("select sampling_rate from landing.vertex_usage order by 1").fetchall() == [
        (Decimal("0.1"),), (Decimal(1),),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "more", ["", "constants = {sampling_rate = 0}", RATE.replace("0.25", "25")]
)
def test_an_unknown_rate_is_an_error_of_the_settings(workspace: Workspace, more: str) -> None:
    with pytest.raises(SettingsError, match=r"share of requests|no share above 0"):
        landed_files(workspace, "vertex_usage", {"a.jsonl": lines(ROWS)}, more)


def test_a_row_without_the_stated_rate_is_refused(workspace: Workspace) -> None:
    rows = [record(1, sampling_rate=0.1), record(2)]
    more = "options = {sampling_rate_in_rows = true}"
    with pytest.raises(RefusedError, match=r"a\.jsonl, row 2: sampling_rate is empty"):
        landed_files(workspace, "vertex_usage", {"a.jsonl": lines(rows)}, more)


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (record(2, {"totalTokenCount": CANARY[:4]}), "totalTokenCount holds 'cana', which is not"),
        (record(2, {"promptTokenCount": -3}), "promptTokenCount holds '-3', which is below zero"),
        (record(2, logging_time="soon"), "logging_time holds 'soon', which is not a time"),
    ],
)
def test_broken_rows_are_refused_by_row_and_rule(
    workspace: Workspace, row: dict[str, Any], rule: str
) -> None:
    with pytest.raises(RefusedError) as refusal:
        landed_files(workspace, "vertex_usage", {"a.jsonl": lines([record(1), row])}, RATE)
    assert rule in str(refusal.value) and refusal.value.row == 2
