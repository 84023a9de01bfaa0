"""OpenRouter's activity: what was charged is the bill, what a vendor charged stands apart."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.errors import RefusedError
from orchestration.landing.land import land
from tests.unit.landing.usage_logs import (
    A_FEW,
    CANARY,
    Landed,
    Workspace,
    deliver,
    holders,
    landed_files,
    lines,
    one,
)

pytestmark = pytest.mark.usefixtures("no_gate")


def exported(number: int, **changes: Any) -> dict[str, Any]:
    """A row of the activity export."""
    return {
        "generation_id": f"gen-{number}",
        "created_at": "2026-03-01 10:00:00.713",
        "cost_total": "0.00123",
        "cost_web_search": "0.0001",
        "cost_cache": "-0.00004",
        "cost_file_processing": "0",
        "byok_usage_inference": "0",
        "tokens_prompt": 100,
        "tokens_completion": 20,
        "tokens_reasoning": 8,
        "tokens_cached": 60,
        "model_permaslug": "openai/gpt-4.1-2025-04-14",
        "provider_name": "OpenAI",
        "variant": "standard",
        "cancelled": "false",
        "streamed": "true",
        "user": "anna.example",
        "finish_reason_raw": CANARY,
        "finish_reason_normalized": "stop",
        "api_key_name": "answers",
        "app_name": "answers",
        **changes,
    }


def generation(number: int, **changes: Any) -> dict[str, Any]:
    """A record of the generation API."""
    return {
        "id": f"gen-{number}",
        "upstream_id": "chatcmpl-1",
        "total_cost": 0.0015,
        "usage": 0.0015,
        "usage_cache": -0.0002,
        "usage_upstream": 0.0012,
        "is_byok": True,
        "created_at": "2026-03-01T10:00:00.713Z",
        "model": "openai/gpt-4.1",
        "provider_name": "OpenAI",
        "cancelled": False,
        "streamed": True,
        "finish_reason": "stop",
        "tokens_prompt": 90,
        "tokens_completion": 19,
        "native_tokens_prompt": 100,
        "native_tokens_completion": 20,
        "native_tokens_reasoning": 8,
        "native_tokens_cached": 60,
        "external_user": "anna.example",
        "http_referer": CANARY,
        **changes,
    }


def activity(day: int, **changes: Any) -> dict[str, Any]:
    """A row of the activity API: a UTC day, model and endpoint."""
    return {
        "date": f"2026-03-0{day}",
        "model": "openai/gpt-4.1",
        "model_permaslug": "openai/gpt-4.1-2025-04-14",
        "endpoint_id": "e-1",
        "provider_name": "OpenAI",
        "usage": 0.015,
        "byok_usage_inference": 0.012,
        "requests": 5,
        "prompt_tokens": 50,
        "completion_tokens": 125,
        "reasoning_tokens": 25,
        **changes,
    }


def as_csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def test_the_activity_export_lands(workspace: Workspace, landed: Landed) -> None:
    files = {"openrouter_activity_2026-03.csv": as_csv([exported(1), exported(2)])}
    settings = landed_files(workspace, "openrouter", files)
    con = landed(settings)
    assert one(
        con,
        "select sum(usage), sum(usage_cache), sum(usage_web_search), sum(tokens_prompt), "
        "sum(tokens_completion), sum(tokens_reasoning), sum(tokens_cached), "
        "sum(native_tokens_prompt) from landing.openrouter_activity",
    ) == (Decimal("0.00246"), Decimal("-0.00008"), Decimal("0.0002"), 200, 40, 16, 120, None)
    assert one(
        con,
        "select distinct provider, currency, model_permaslug, is_byok, cancelled, finish_reason, "
        "user_id, bucket_start from landing.openrouter_activity",
    ) == (
        "openrouter", "USD", "openai/gpt-4.1-2025-04-14", False, False, "stop", "anna.example",
        None,
    )  # fmt: skip
    assert not holders(settings, "canary-9c41")


GENERATIONS = {
    "lines": {"a.jsonl": lines([generation(1), generation(2)])},
    "responses": {
        "1.json": json.dumps({"data": generation(1)}, indent=1),
        "2.json": json.dumps({"data": generation(2)}),
    },
    "responses, a line each": {
        "a.json": lines([{"data": generation(1)}, {"data": generation(2)}]),
    },
}


@pytest.mark.parametrize("shape", GENERATIONS)
def test_generation_records_land_with_native_tokens_and_the_upstream_cost_apart(
    workspace: Workspace, landed: Landed, shape: str
) -> None:
    settings = landed_files(workspace, "openrouter", GENERATIONS[shape])
    assert one(
        landed(settings),
        "select count(*), sum(usage), sum(usage_upstream), sum(usage_cache), bool_and(is_byok), "
        "sum(native_tokens_prompt), sum(native_tokens_completion), sum(native_tokens_cached), "
        "sum(native_tokens_reasoning), sum(tokens_prompt) from landing.openrouter_activity",
    ) == (
        2, Decimal("0.003"), Decimal("0.0024"), Decimal("-0.0004"), True, 200, 40, 120, 16, 180,
    )  # fmt: skip
    assert not holders(settings, "canary-9c41")


def test_a_day_s_activity_is_a_bucket_and_is_restated(workspace: Workspace, landed: Landed) -> None:
    first = {"data": [activity(1), activity(2)]}
    settings = landed_files(workspace, "openrouter", {"activity-1.json": json.dumps(first)})
    con = landed(settings)
    assert one(
        con,
        "select sum(usage), sum(byok_usage_inference), sum(requests), bool_and(is_byok), "
        "min(bucket_start)::varchar, max(bucket_end)::varchar from landing.openrouter_activity",
    ) == (
        Decimal("0.03"), Decimal("0.024"), 10, True, "2026-03-01 00:00:00", "2026-03-03 00:00:00",
    )  # fmt: skip
    # The next response tells the last day again, now whole.
    later = {"data": [activity(2, usage=0.02, requests=7), activity(3)]}
    deliver(settings, {"activity-2.json": json.dumps(later)})
    land(settings)
    assert landed(settings).execute(
        "select date_part('day', created_at), usage, requests from landing.openrouter_activity "
        "order by 1"
    ).fetchall() == [(1, Decimal("0.015"), 5), (2, Decimal("0.02"), 7), (3, Decimal("0.015"), 5)]


amounts = st.decimals(0, 100, places=9)


@given(costs=st.lists(st.tuples(amounts, amounts), min_size=1, max_size=40),
       folder=st.uuids().map(str))  # fmt: skip
@A_FEW
def test_the_bill_adds_up_to_the_last_decimal(
    workspace: Workspace, landed: Landed, costs: list[tuple[Decimal, Decimal]], folder: str
) -> None:
    rows = [
        exported(number, cost_total=f"{cost:f}", byok_usage_inference=f"{byok:f}")
        for number, (cost, byok) in enumerate(costs)
    ]
    settings = landed_files(workspace, "openrouter", {"a.csv": as_csv(rows)}, folder=folder)
    assert one(
        landed(settings),
        "select sum(usage), sum(byok_usage_inference) from landing.openrouter_activity",
    ) == (sum(cost for cost, _ in costs), sum(byok for _, byok in costs))


def test_users_are_hashed_in_every_column(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "secret of ours")
    more = 'options = {hash_users_key_env = "A_KEY"}'
    settings = landed_files(workspace, "openrouter", {"a.csv": as_csv([exported(1)])}, more)
    assert not holders(settings, "anna.example")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"cost_total": "free"}, "'free', which is no amount"),
        ({"cost_total": ""}, "usage is empty"),
        ({"tokens_prompt": "-5"}, "'-5', which is below zero"),
        ({"created_at": "noon"}, "'noon', which is not a time"),
    ],
)
def test_broken_rows_are_refused_by_row_and_rule(
    workspace: Workspace, changes: dict[str, Any], rule: str
) -> None:
    files = {"a.csv": as_csv([exported(1), exported(2, **changes)])}
    with pytest.raises(RefusedError) as refusal:
        landed_files(workspace, "openrouter", files)
    assert rule in str(refusal.value) and refusal.value.row == 2
    assert "canary-9c41" not in str(refusal.value)
