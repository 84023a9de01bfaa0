"""Azure OpenAI's usage records: Azure Monitor, Log Analytics, API Management, one's own proxy."""

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

PTU = 'options = {provisioned_deployments = "chat-ptu, code-ptu"}'


def usage(prompt: int, out: int, cached: int = 0, thought: int = 0) -> dict[str, Any]:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": out,
        "total_tokens": prompt + out,
        "prompt_tokens_details": {
            "cached_tokens": cached,
            "audio_tokens": 0,
            "cached_tokens_details": {"audio_tokens": 0, "note": CANARY},
        },
        "completion_tokens_details": {"reasoning_tokens": thought},
    }


def record(number: int, **properties: Any) -> dict[str, Any]:
    """A resource log record of Azure Monitor, as it stands in a storage account."""
    return {
        "time": "2026-03-01T10:00:00.1234567Z",
        "resourceId": "/SUBSCRIPTIONS/1/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.COGNITIVESERVICES/X",
        "category": "RequestResponse",
        "operationName": "ChatCompletions_Create",
        "durationMs": 120,
        "resultSignature": "200",
        "location": "swedencentral",
        "correlationId": f"c-{number}",
        "callerIPAddress": "10.0.0.***",
        "properties": json.dumps(
            {
                "apiName": "Azure OpenAI API",
                "objectId": "anna.example",
                "modelDeploymentName": "chat-ptu",
                "modelName": "gpt-4o",
                "modelVersion": "2024-11-20",
                "streamType": "Streaming",
                "requestBody": CANARY,
                "usage": usage(100, 20, cached=64, thought=8),
                **properties,
            }
        ),
    }


TOTALS = """
    select count(*), sum(prompt_tokens), sum(completion_tokens), sum(total_tokens),
        sum(cached_tokens), sum(reasoning_tokens)
    from landing.azure_openai
"""


def test_resource_logs_land_with_properties_as_text_or_object(
    workspace: Workspace, landed: Landed
) -> None:
    one_object = {**record(2), "properties": json.loads(record(2)["properties"])}
    files = {"y=2026/m=03/PT1H.json": lines([record(1), one_object])}
    settings = landed_files(workspace, "azure_openai", files, PTU)
    con = landed(settings)
    assert one(con, TOTALS) == (2, 200, 40, 240, 128, 16)
    assert one(
        con,
        "select distinct deployment, model, model_version, is_stream, is_provisioned, is_spillover,"
        " result_code, provider, user_id, _period from landing.azure_openai",
    ) == (
        "chat-ptu", "gpt-4o", "2024-11-20", True, True, None, "200", "azure", "anna.example",
        "2026-03-01",
    )  # fmt: skip
    assert not holders(settings, "canary-9c41")


@pytest.mark.parametrize(
    ("prompt", "completion"),
    [
        ("prompt_tokens_details", "completion_tokens_details"),
        ("input_tokens_details", "output_tokens_details"),
        ("input_token_details", "output_token_details"),
    ],
)
def test_audio_and_images_land_from_every_interface_of_openai(
    workspace: Workspace, landed: Landed, prompt: str, completion: str
) -> None:
    """The chat, the responses and the realtime interface call their splits differently."""
    used = {
        "input_tokens": 100,
        "output_tokens": 20,
        prompt: {
            "cached_tokens": 30, "audio_tokens": 50, "image_tokens": 4,
            "cached_tokens_details": {"audio_tokens": 25},
        },
        completion: {"audio_tokens": 9, "image_tokens": 2, "reasoning_tokens": 3},
    }  # fmt: skip
    con = landed(
        landed_files(workspace, "azure_openai", {"PT1H.json": lines([record(1, usage=used)])})
    )
    assert one(
        con,
        "select prompt_tokens, completion_tokens, cached_tokens, prompt_audio_tokens, "
        "prompt_image_tokens, cached_audio_tokens, completion_audio_tokens, "
        "completion_image_tokens, reasoning_tokens from landing.azure_openai",
    ) == (100, 20, 30, 50, 4, 25, 9, 2, 3)


def test_provisioned_standard_and_spilled_requests_are_told_apart(
    workspace: Workspace, landed: Landed
) -> None:
    header = {"x-ms-spillover-from-deployment": "chat-ptu"}
    files = {
        "PT1H.json": lines(
            [
                record(1),
                record(2, modelDeploymentName="chat-standard"),
                record(3, modelDeploymentName="chat-standard", responseHeaders=header),
                record(4, modelDeploymentName="chat-standard", isSpillover=False),
            ]
        )
    }
    con = landed(landed_files(workspace, "azure_openai", files, PTU))
    assert con.execute(
        "select deployment, is_provisioned, is_spillover, spillover_from_deployment "
        "from landing.azure_openai order by request_id"
    ).fetchall() == [
        ("chat-ptu", True, None, None),
        ("chat-standard", False, None, None),
        ("chat-standard", False, True, "chat-ptu"),
        ("chat-standard", False, False, None),
    ]


@pytest.mark.parametrize(
    ("kind", "expected"), [("GlobalProvisionedManaged", True), ("DataZoneStandard", False)]
)
def test_the_type_of_a_deployment_may_stand_in_the_record(
    workspace: Workspace, landed: Landed, kind: str, expected: bool
) -> None:
    files = {"PT1H.json": lines([record(1, deploymentType=kind)])}
    con = landed(landed_files(workspace, "azure_openai", files))
    assert one(con, "select deployment_type, is_provisioned from landing.azure_openai") == (
        kind, expected,
    )  # fmt: skip


def test_what_is_provisioned_is_unknown_where_nothing_says_it(
    workspace: Workspace, landed: Landed
) -> None:
    con = landed(landed_files(workspace, "azure_openai", {"PT1H.json": lines([record(1)])}))
    assert one(con, "select is_provisioned from landing.azure_openai") is None


def test_api_management_s_log_lands_by_its_own_names(workspace: Workspace, landed: Landed) -> None:
    rows = [
        {
            "TimeGenerated [UTC]": "3/1/2026, 10:00:00.000 AM",
            "CorrelationId": f"c-{number}",
            "SequenceNumber": number,
            "DeploymentName": "chat-ptu",
            "ModelName": "gpt-4o",
            "Region": "Sweden Central",
            "IsStreamCompletion": "true",
            "PromptTokens": 100,
            "CompletionTokens": 20,
            "TotalTokens": 120,
            "RequestMessages": CANARY,
        }
        for number in range(3)
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows({**row, "TimeGenerated [UTC]": "2026-03-01T10:00:00Z"} for row in rows)
    settings = landed_files(workspace, "azure_openai", {"query_data.csv": text.getvalue()})
    assert one(landed(settings), TOTALS) == (3, 300, 60, 360, None, None)
    assert not holders(settings, "canary-9c41")


def test_one_request_s_records_of_two_categories_both_stand(
    workspace: Workspace, landed: Landed
) -> None:
    again = {**record(1), "category": "AzureOpenAIRequestUsage"}
    files = {"a.json": lines([record(1), again]), "b.json": lines([again])}
    con = landed(landed_files(workspace, "azure_openai", files))
    assert one(con, "select count(*), count(distinct request_id) from landing.azure_openai") == (
        2, 1,
    )  # fmt: skip


parts = st.tuples(COUNT, COUNT, st.integers(0, 100), st.integers(0, 100))


@given(usages=st.lists(parts, min_size=1, max_size=40), folder=st.uuids().map(str))
@A_FEW
def test_whatever_is_used_adds_up_to_the_source_s_own_total(
    workspace: Workspace, landed: Landed, usages: list[tuple[int, ...]], folder: str
) -> None:
    records = [
        record(n, usage=usage(prompt, out, prompt * cached // 100, out * thought // 100))
        for n, (prompt, out, cached, thought) in enumerate(usages)
    ]
    files = {"PT1H.json": lines(records)}
    con = landed(landed_files(workspace, "azure_openai", files, folder=folder))
    count, prompt, out, total, cached, thought = one(con, TOTALS)
    assert (count, prompt + out) == (len(usages), total)
    assert total == sum(prompt + out for prompt, out, _, _ in usages)
    assert cached <= prompt and thought <= out


def test_the_responses_api_s_names_are_known(workspace: Workspace, landed: Landed) -> None:
    found = {
        "input_tokens": 9, "output_tokens": 4, "total_tokens": 13,
        "input_tokens_details": {"cached_tokens": 5},
        "output_tokens_details": {"reasoning_tokens": 3},
    }  # fmt: skip
    con = landed(
        landed_files(workspace, "azure_openai", {"a.json": lines([record(1, usage=found)])})
    )
    assert one(con, TOTALS) == (1, 9, 4, 13, 5, 3)


def test_users_are_hashed_where_that_is_asked_for(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "secret of ours")
    more = 'options = {hash_users_key_env = "A_KEY"}'
    settings = landed_files(workspace, "azure_openai", {"a.json": lines([record(1)])}, more)
    assert not holders(settings, "anna.example")


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (record(2, usage={"prompt_tokens": 1.5}), "holds '1.5 (no whole number)'"),
        (record(2, usage={"total_tokens": -1}), "below zero"),
        ({**record(2), "time": "2026-13-01"}, "time holds '2026-13-01', which is not a time"),
        ({**record(2), "properties": "{cut " + CANARY}, None),
    ],
)
def test_broken_records(
    workspace: Workspace, landed: Landed, broken: dict[str, Any], rule: str | None
) -> None:
    files = {"PT1H.json": lines([record(1), broken])}
    if rule is None:
        # The record itself is whole: its usage is unknown, not zero.
        con = landed(landed_files(workspace, "azure_openai", files))
        assert one(con, "select count(*), count(total_tokens) from landing.azure_openai") == (2, 1)
        return
    with pytest.raises(RefusedError) as refusal:
        landed_files(workspace, "azure_openai", files)
    assert rule in str(refusal.value) and refusal.value.row == 2
