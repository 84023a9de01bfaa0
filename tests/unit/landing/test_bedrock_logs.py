"""Bedrock's model invocation logs: all layouts land the same counts, and nothing that was said."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.errors import RefusedError, SettingsError
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

CHUNKED = "us.anthropic.claude-sonnet-4-20250514-v1:0"
ARN = "arn:aws:sts::123456789012:assumed-role/answers/anna.example"


def record(number: int, **changes: Any) -> dict[str, Any]:
    """A record in the documented shape: 10 + 20 + 30 read or written + 40 out."""
    usage = {"inputTokens": 10, "outputTokens": 40, "totalTokens": 100}
    return {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": f"2026-03-0{1 + number % 3}T10:00:0{number % 10}Z",
        "accountId": "012345678901",
        "identity": {"arn": ARN},
        "region": "eu-west-1",
        "inferenceRegion": "eu-central-1",
        "requestId": f"request-{number}",
        "operation": "Converse",
        "modelId": CHUNKED,
        "input": {
            "inputContentType": "application/json",
            "inputBodyJson": {"messages": [{"content": [{"text": CANARY}]}]},
            "inputTokenCount": 10,
            "cacheReadInputTokenCount": 20,
            "cacheWriteInputTokenCount": 30,
        },
        "output": {
            "outputBodyJson": {"output": {"message": CANARY}, "usage": usage},
            "outputTokenCount": 40,
        },
        "requestMetadata": {"team": "answers", "note": CANARY, "app.feature": "summaries"},
        **changes,
    }


TOTALS = """
    select count(*), sum(input_inputTokenCount), sum(input_cacheReadInputTokenCount),
        sum(input_cacheWriteInputTokenCount), sum(output_outputTokenCount), sum(usage_totalTokens)
    from landing.bedrock_logs
"""
RECORDS = [record(number) for number in range(6)]
LAYOUTS = {
    "lines": {"log.json.gz": lines(RECORDS)},
    "lines, by name": {"log.jsonl": lines(RECORDS)},
    "an array": {"log.json": json.dumps(RECORDS, indent=2)},
    "objects after one another": {
        "log.json": "\n".join(json.dumps(item, indent=2) for item in RECORDS)
    },
    "a file a request": {
        f"AWSLogs/012345678901/BedrockModelInvocationLogs/eu-west-1/2026/03/{n}.json.gz": (
            json.dumps(item)
        )
        for n, item in enumerate(RECORDS)
    },
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_lands_the_same_counts(
    workspace: Workspace, landed: Landed, layout: str
) -> None:
    settings = landed_files(workspace, "bedrock_logs", LAYOUTS[layout])
    con = landed(settings)
    assert one(con, TOTALS) == (6, 60, 120, 180, 240, 600)
    row = one(
        con,
        "select _period, accountId, region, inferenceRegion, operation, modelId, model, provider "
        "from landing.bedrock_logs where requestId = 'request-1'",
    )
    assert row == (
        "2026-03-02", "012345678901", "eu-west-1", "eu-central-1", "Converse", CHUNKED, CHUNKED,
        "aws",
    )  # fmt: skip


usage = st.tuples(COUNT, COUNT, COUNT, COUNT)


@given(usages=st.lists(usage, min_size=1, max_size=40), folder=st.uuids().map(str))
@A_FEW
def test_whatever_is_used_adds_up_to_the_source_s_own_total(
    workspace: Workspace, landed: Landed, usages: list[tuple[int, int, int, int]], folder: str
) -> None:
    records = [
        record(
            number,
            timestamp="2026-03-01T10:00:00Z",
            input={
                "inputTokenCount": plain,
                "cacheReadInputTokenCount": read,
                "cacheWriteInputTokenCount": written,
            },
            output={
                "outputTokenCount": out,
                "outputBodyJson": {"usage": {"totalTokens": plain + read + written + out}},
            },
        )
        for number, (plain, read, written, out) in enumerate(usages)
    ]
    settings = landed_files(workspace, "bedrock_logs", {"a.jsonl": lines(records)}, folder=folder)
    con = landed(settings)
    count, plain, read, written, out, total = one(con, TOTALS)
    assert (count, plain + read + written + out) == (len(usages), total)
    assert total == sum(map(sum, usages))


def test_cache_writes_are_known_by_lifetime_where_the_answer_says_so(
    workspace: Workspace, landed: Landed
) -> None:
    converse = {"cacheDetails": [{"ttl": "1h", "inputTokens": 7}, {"ttl": "5m", "inputTokens": 9}]}
    claude = {"cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4}}
    records = [
        record(number, output={"outputBodyJson": {"usage": found}, "outputTokenCount": 1})
        for number, found in enumerate((converse, claude, {}))
    ]
    # A streamed answer's body is a list of chunks.
    records.append(record(3, output={"outputBodyJson": [{"x": CANARY}], "outputTokenCount": 1}))
    con = landed(landed_files(workspace, "bedrock_logs", {"a.jsonl": lines(records)}))
    assert con.execute(
        "select usage_cacheWrite5mTokens, usage_cacheWrite1hTokens from landing.bedrock_logs "
        "order by requestId"
    ).fetchall() == [(9, 7), (3, 4), (None, None), (None, None)]


def test_failed_requests_have_a_code_and_never_a_message(
    workspace: Workspace, landed: Landed
) -> None:
    failed = record(0, errorCode="ThrottlingException", output=None)
    talkative = record(1, errorCode=f"ValidationException: {CANARY}")
    con = landed(landed_files(workspace, "bedrock_logs", {"a.jsonl": lines([failed, talkative])}))
    assert con.execute(
        "select errorCode, output_outputTokenCount from landing.bedrock_logs order by requestId"
    ).fetchall() == [("ThrottlingException", None), ("other", 40)]


def test_only_mapped_keys_of_the_metadata_are_read(workspace: Workspace, landed: Landed) -> None:
    more = 'mapping = {team = "requestMetadata.team", feature = "requestMetadata.app.feature"}'
    without = record(9, requestMetadata=None)
    files = {"a.jsonl": lines([without]), "b.jsonl": lines(RECORDS[:1])}
    settings = landed_files(workspace, "bedrock_logs", files, more)
    rows = landed(settings).execute(
        "select team, feature, customer from landing.bedrock_logs order by requestId"
    )
    assert rows.fetchall() == [("answers", "summaries", None), (None, None, None)]
    assert holders(settings, "answers") and not holders(settings, "canary-9c41")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('mapping = {team = "input.inputBodyJson"}', "may not be read as 'team'"),
        ('mapping = {tema = "requestMetadata.team"}', "did you mean 'team'?"),
        ('constants = {regoin = "x"}', "did you mean 'region'?"),
        ('options = {hash_users_key = "K"}', "did you mean 'hash_users_key_env'?"),
    ],
)
def test_settings_that_would_read_more_are_refused(
    workspace: Workspace, more: str, message: str
) -> None:
    with pytest.raises(SettingsError) as error:
        landed_files(workspace, "bedrock_logs", {}, more)
    assert message in str(error.value)


def test_identities_are_hashed_where_that_is_asked_for(
    workspace: Workspace, landed: Landed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "not for anyone")
    more = 'options = {hash_users_key_env = "A_KEY"}'
    settings = landed_files(workspace, "bedrock_logs", {"a.jsonl": lines(RECORDS)}, more)
    expected = hmac.new(b"not for anyone", ARN.encode(), hashlib.sha256).hexdigest()
    assert one(landed(settings), "select distinct identity_arn from landing.bedrock_logs") == (
        expected
    )
    assert not holders(settings, "anna.example") and not holders(settings, "not for anyone")


def test_identities_of_rows_set_aside_are_hashed_too(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "k" * 100)
    gate = "[gate]\nmax_quarantined_share = 0.5\n"
    more = 'options = {hash_users_key_env = "A_KEY"}'
    broken = record(7, timestamp="yesterday")
    files = {"a.jsonl": lines([*RECORDS, broken])}
    settings = landed_files(workspace, "bedrock_logs", files, more, gate=gate)
    assert not holders(settings, "anna.example") and holders(settings, "yesterday")


def test_a_key_that_is_not_set_is_an_error_of_the_settings(workspace: Workspace) -> None:
    more = 'options = {hash_users_key_env = "NO_SUCH_KEY"}'
    with pytest.raises(SettingsError, match=r"\$NO_SUCH_KEY, which is not set"):
        landed_files(workspace, "bedrock_logs", {"a.jsonl": lines(RECORDS)}, more)


BROKEN = {
    "cut off": (lines(RECORDS)[:-300], "no valid JSON", 6),
    "no object": (lines([RECORDS[0], CANARY]), "no JSON object", 2),
    "a key twice": (lines([RECORDS[0]]) + f'{{"modelId": "{CANARY}", "modelId": 1}}\n', "twice", 2),
    "no count": (
        lines([*RECORDS, record(6, input={"inputTokenCount": "many"})]),
        "input.inputTokenCount holds 'many', which is not a number",
        7,
    ),
    "half a token": (lines([record(0, input={"inputTokenCount": 0.5})]), "not a number", 1),
    "negative": (lines([record(0, output={"outputTokenCount": -1})]), "below zero", 1),
    "no model": (lines([*RECORDS, record(6, modelId=None)]), "modelId is empty", 7),
    "another log": (lines([{"eventName": CANARY}]), "the required column 'requestId'", None),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_logs_are_refused_by_file_row_and_rule(workspace: Workspace, name: str) -> None:
    text, rule, row = BROKEN[name]
    settings = landed_files(workspace, "bedrock_logs", {"good.jsonl": lines(RECORDS)})
    deliver(settings, {"bad.jsonl": text})
    with pytest.raises(RefusedError) as refusal:
        land(settings)
    assert rule in str(refusal.value) and "in/bad.jsonl" in str(refusal.value)
    assert refusal.value.row == row
    assert "canary-9c41" not in str(refusal.value)
    assert not holders(settings, "canary-9c41")
