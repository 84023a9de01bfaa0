"""LiteLLM's spend log in files: columns of any release, of metadata single keys only."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.errors import RefusedError
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


def call(number: int, **changes: Any) -> dict[str, Any]:
    usage = {
        "prompt_tokens_details": {"cached_tokens": 60},
        "completion_tokens_details": {"image_tokens": 5, "note": CANARY},
        "service_tier": "flex",
    }
    return {
        "request_id": f"r-{number}",
        "spend": 0.000125,
        "total_tokens": 120,
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "startTime": "2026-03-01 10:00:00.123",
        "endTime": "2026-03-01 10:00:02",
        "model": "gpt-4o",
        "custom_llm_provider": "openai",
        "metadata": {"usage_object": usage, "note": CANARY},
        "messages": CANARY,
        "user": "anna.example",
        "end_user": "customer.example",
        **changes,
    }


def as_csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    for row in rows:
        writer.writerow({k: json.dumps(v) if isinstance(v, dict) else v for k, v in row.items()})
    return text.getvalue()


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_dump_lands_with_single_keys_of_its_metadata(
    workspace: Workspace, landed: Landed, kind: str
) -> None:
    rows = [call(1), call(2)]
    files = {f"spend.{kind}": as_csv(rows) if kind == "csv" else lines(rows)}
    settings = landed_files(workspace, "litellm", files)
    assert one(
        landed(settings),
        "select sum(total_tokens), sum(metadata_cache_read_tokens), "
        "sum(metadata_image_output_tokens), min(metadata_service_tier), min(user_id), "
        "min(end_user) from landing.litellm_spend_logs",
    ) == (240, 120, 10, "flex", "anna.example", "customer.example")
    assert not holders(settings, "canary-9c41")


def test_what_only_late_records_have_is_read_too(workspace: Workspace, landed: Landed) -> None:
    """Keys are looked up in the first thousand records; those of a new release come later."""
    old = [call(number) for number in range(1001)]
    for row in old:
        del row["metadata"], row["end_user"]
    files = {"spend.jsonl": lines([*old, call(2000, agent_id="agent-1")])}
    con = landed(landed_files(workspace, "litellm", files))
    assert one(
        con,
        "select agent_id, end_user, metadata_cache_read_tokens from landing.litellm_spend_logs "
        "where request_id = 'r-2000'",
    ) == ("agent-1", "customer.example", 60)


def test_an_error_has_a_code_and_no_message(workspace: Workspace, landed: Landed) -> None:
    rows = [
        call(1, metadata={"error_information": {"error_code": "429", "error_message": CANARY}}),
        call(2, metadata={"error_information": {"error_code": f"no code: {CANARY}"}}),
    ]
    settings = landed_files(workspace, "litellm", {"spend.jsonl": lines(rows)})
    assert landed(settings).execute(
        "select metadata_error_code from landing.litellm_spend_logs order by request_id"
    ).fetchall() == [("429",), ("other",)]
    assert not holders(settings, "canary-9c41")


def test_users_are_hashed_where_that_is_asked_for(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "secret of ours")
    more = 'options = {hash_users_key_env = "A_KEY"}'
    settings = landed_files(workspace, "litellm", {"spend.csv": as_csv([call(1)])}, more)
    assert not holders(settings, "anna.example") and not holders(settings, "customer.example")


parts = st.tuples(COUNT, COUNT, COUNT, COUNT)


@given(usages=st.lists(parts, min_size=1, max_size=40), folder=st.uuids().map(str))
@A_FEW
def test_whatever_is_used_adds_up_to_the_source_s_own_total(
    workspace: Workspace, landed: Landed, usages: list[tuple[int, ...]], folder: str
) -> None:
    rows = []
    for number, (plain, read, written, out) in enumerate(usages):
        details = {"cached_tokens": read, "cache_creation_tokens": written}
        rows.append(
            call(
                number,
                prompt_tokens=plain + read + written,
                completion_tokens=out,
                total_tokens=plain + read + written + out,
                metadata={"usage_object": {"prompt_tokens_details": details}},
            )
        )
    con = landed(landed_files(workspace, "litellm", {"a.jsonl": lines(rows)}, folder=folder))
    prompt, out, total, read, written = one(
        con,
        "select sum(prompt_tokens), sum(completion_tokens), sum(total_tokens), "
        "sum(metadata_cache_read_tokens), sum(metadata_cache_write_tokens) "
        "from landing.litellm_spend_logs",
    )
    assert prompt + out == total == sum(map(sum, usages))
    assert prompt - read - written == sum(plain for plain, *_ in usages)


def test_a_record_that_is_no_object_is_refused_without_its_words(workspace: Workspace) -> None:
    with pytest.raises(RefusedError) as refusal:
        landed_files(workspace, "litellm", {"a.jsonl": lines([call(1), CANARY])})
    assert "a record is no JSON object" in str(refusal.value) and refusal.value.row == 2
    assert "canary-9c41" not in str(refusal.value)
