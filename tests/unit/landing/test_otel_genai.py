"""OTLP/JSON traces: usage of the leaves counts once, whatever names and encodings are used."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

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

TRACE = "5b8efff798038103d269b633813fc60c"
# 2026-03-01 10:00:00.123456789 UTC
START = 1772359200123456789

NEW = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20}
OLD = {"gen_ai.usage.prompt_tokens": 100, "gen_ai.usage.completion_tokens": 20}
OPENINFERENCE = {"llm.token_count.prompt": 100, "llm.token_count.completion": 20}


def attribute(key: str, value: Any) -> dict[str, Any]:
    kinds: dict[type, str] = {bool: "boolValue", int: "intValue", float: "doubleValue"}
    if isinstance(value, list):
        return {
            "key": key,
            "value": {"arrayValue": {"values": [{"stringValue": v} for v in value]}},
        }
    kind = kinds.get(type(value), "stringValue")
    # Proto3's JSON writes 64-bit numbers as texts.
    return {"key": key, "value": {kind: str(value) if kind == "intValue" else value}}


def span(
    number: int, parent: int | None = None, usage: dict[str, Any] | None = None, **changes: Any
) -> dict[str, Any]:
    """A span; with usage, that of a call of a model."""
    call = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-11-20",
        "gen_ai.input.messages": CANARY,
        "gen_ai.output.messages": CANARY,
        "gen_ai.tool.call.arguments": CANARY,
        "user.id": "anna.example",
        **(usage or {}),
    }
    extra = changes.pop("attributes", {})
    return {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        **({} if parent is None else {"parentSpanId": f"{parent:016x}"}),
        "name": f"chat {CANARY}",
        "kind": 3,
        "startTimeUnixNano": str(START),
        "endTimeUnixNano": str(START + 10**9),
        "attributes": [
            attribute(key, value)
            for key, value in {**(call if usage is not None else {}), **extra}.items()
        ],
        "events": [{"name": "gen_ai.choice", "attributes": [attribute("message", CANARY)]}],
        "status": {"code": 1, "message": CANARY},
        **changes,
    }


def export(*spans: dict[str, Any], scope: str = "scopeSpans") -> dict[str, Any]:
    """One export request."""
    resource = {"attributes": [attribute("service.name", "answers"), attribute("secret", CANARY)]}
    scoped = [{"scope": {"name": "our.instrumentation"}, "spans": list(spans)}]
    return {"resourceSpans": [{"resource": resource, scope: scoped}]}


LEAVES = """
    select count(*), sum(input_tokens), sum(output_tokens) from landing.otel_genai where is_leaf
"""


@pytest.mark.parametrize(
    ("usage", "dialect"), [(NEW, "gen_ai"), (OLD, "gen_ai_old"), (OPENINFERENCE, "openinference")]
)
def test_new_and_old_names_land_in_the_same_columns(
    workspace: Workspace, landed: Landed, usage: dict[str, Any], dialect: str
) -> None:
    files = {"traces.json": json.dumps(export(span(1, usage=usage), span(2, usage=usage)))}
    settings = landed_files(workspace, "otel_genai", files)
    con = landed(settings)
    assert one(con, LEAVES) == (2, 200, 40)
    assert one(
        con,
        "select distinct usage_dialect, provider_name, model, request_model, operation_name, "
        "service_name, scope_name, start_time::varchar, end_time::varchar, status_code, user_id, "
        "_period from landing.otel_genai",
    ) == (
        dialect, "openai", "gpt-4o-2024-11-20", "gpt-4o", "chat", "answers", "our.instrumentation",
        "2026-03-01 10:00:00.123456", "2026-03-01 10:00:01.123456", "1", "anna.example",
        "2026-03-01",
    )  # fmt: skip
    assert not holders(settings, "canary-9c41")


def as_base64(found: dict[str, Any]) -> dict[str, Any]:
    """Ids as a generic protobuf encoder writes them."""
    ids = {
        key: base64.b64encode(bytes.fromhex(found[key])).decode()
        for key in ("traceId", "spanId", "parentSpanId")
        if key in found
    }
    return found | ids


def as_numbers(found: dict[str, Any]) -> dict[str, Any]:
    """64-bit numbers as bare numbers, ids in capitals: OTLP's own example has both."""
    text = json.dumps(found)
    for key in ("startTimeUnixNano", "endTimeUnixNano"):
        text = text.replace(f'"{key}": "{found[key]}"', f'"{key}": {found[key]}')
    changed: dict[str, Any] = json.loads(text)
    for item in changed["attributes"]:
        if "intValue" in item["value"]:
            item["value"]["intValue"] = int(item["value"]["intValue"])
    return {**changed, "traceId": found["traceId"].upper()}


@pytest.mark.parametrize("encoded", [as_base64, as_numbers])
def test_ids_and_numbers_land_the_same_in_every_encoding(
    workspace: Workspace, landed: Landed, encoded: Any
) -> None:
    spans = [encoded(one_span) for one_span in (span(1, usage=NEW), span(2, 1, usage=NEW))]
    con = landed(landed_files(workspace, "otel_genai", {"t.json": json.dumps(export(*spans))}))
    assert con.execute(
        "select trace_id, span_id, parent_span_id, is_leaf, input_tokens, start_time::varchar "
        "from landing.otel_genai order by span_id"
    ).fetchall() == [
        (TRACE, f"{1:016x}", None, False, 100, "2026-03-01 10:00:00.123456"),
        (TRACE, f"{2:016x}", f"{1:016x}", True, 100, "2026-03-01 10:00:00.123456"),
    ]


def test_otlp_s_own_example_is_read(workspace: Workspace, data: Path) -> None:
    example = (data / "api_shapes" / "otlp" / "trace.json").read_text(encoding="utf-8")
    # It holds no call of a model, so it lands as a delivery without rows.
    landed_files(workspace, "otel_genai", {"trace.json": example})


def test_spans_that_repeat_others_are_no_leaves(workspace: Workspace, landed: Landed) -> None:
    """agent → tool → call: the agent's usage repeats the call's, through a span without usage."""
    total = {"gen_ai.usage.input_tokens": 300, "gen_ai.usage.output_tokens": 60}
    agent = span(1, usage=total, attributes={"gen_ai.operation.name": "invoke_agent"})
    spans = [
        agent, span(2, 1), span(3, 2, usage=NEW), span(4, 2, usage=NEW), span(5, 1, usage=NEW),
        # An agent whose calls are not traced is the only one that knows its usage.
        span(6, usage=NEW, attributes={"gen_ai.operation.name": "invoke_agent"}),
    ]  # fmt: skip
    files = {"t.jsonl": lines([export(*spans[3:]), export(*spans[:3])])}
    con = landed(landed_files(workspace, "otel_genai", files))
    assert one(con, LEAVES) == (4, 400, 80)
    assert con.execute(
        "select span_id, ancestor_span_ids from landing.otel_genai where not is_leaf"
    ).fetchall() == [(f"{1:016x}", None)]
    assert one(
        con, f"select ancestor_span_ids from landing.otel_genai where span_id = '{3:016x}'"
    ) == (f"{2:016x},{1:016x}")


def test_of_a_trace_in_two_files_each_row_knows_its_ancestors(
    workspace: Workspace, landed: Landed
) -> None:
    """A file alone cannot know that its agent span has calls in another one."""
    files = {
        "1.jsonl": lines([export(span(3, 2, usage=NEW), span(2, 1))]),
        "2.jsonl": lines([export(span(1, usage=NEW))]),
    }
    con = landed(landed_files(workspace, "otel_genai", files))
    assert one(
        con,
        "select sum(input_tokens) from landing.otel_genai as spans where is_leaf and not exists ("
        "select 1 from landing.otel_genai as below where below.trace_id = spans.trace_id "
        "and list_contains(string_split(below.ancestor_span_ids, ','), spans.span_id))",
    ) == 100  # fmt: skip


@st.composite
def trees(draw: st.DrawFn) -> list[tuple[int | None, int, int]]:
    """(parent, input, output) of each span; only leaves of the tree have usage of their own."""
    count = draw(st.integers(1, 30))
    return [
        (draw(st.one_of(st.none(), st.integers(0, place - 1))) if place else None, *draw(
            st.tuples(COUNT, COUNT)
        ))
        for place in range(count)
    ]  # fmt: skip


@given(tree=trees(), folder=st.uuids().map(str))
@A_FEW
def test_whatever_the_tree_the_leaves_add_up_to_what_the_roots_say(
    workspace: Workspace, landed: Landed, tree: list[tuple[int | None, int, int]], folder: str
) -> None:
    parents = {parent for parent, _, _ in tree}
    totals = [[i, o] if place not in parents else [0, 0] for place, (_, i, o) in enumerate(tree)]
    for place in range(len(tree) - 1, -1, -1):
        parent = tree[place][0]
        if parent is not None:
            totals[parent][0] += totals[place][0]
            totals[parent][1] += totals[place][1]
    spans = [
        span(
            place + 1,
            None if parent is None else parent + 1,
            # Every third span that repeats others says nothing.
            None
            if place in parents and place % 3 == 0 and parent is not None
            else {"gen_ai.usage.input_tokens": total[0], "gen_ai.usage.output_tokens": total[1]},
        )
        for place, ((parent, _, _), total) in enumerate(zip(tree, totals, strict=True))
    ]
    files = {"t.json": json.dumps(export(*spans))}
    con = landed(landed_files(workspace, "otel_genai", files, folder=folder))
    roots = [total for (parent, _, _), total in zip(tree, totals, strict=True) if parent is None]
    assert one(con, LEAVES)[1:] == (sum(r[0] for r in roots), sum(r[1] for r in roots))


def test_parents_in_a_circle_end(workspace: Workspace, landed: Landed) -> None:
    files = {"t.json": json.dumps(export(span(1, 2, usage=NEW), span(2, 1, usage=NEW)))}
    con = landed(landed_files(workspace, "otel_genai", files))
    assert one(con, "select count(*), count(*) filter (is_leaf) from landing.otel_genai") == (2, 0)


def test_classes_modalities_cost_and_errors_land(workspace: Workspace, landed: Landed) -> None:
    usage = {
        **NEW,
        "gen_ai.usage.cache_read.input_tokens": 60,
        "gen_ai.usage.cache_creation.input_tokens": 10,
        "gen_ai.usage.reasoning.output_tokens": 8,
        "gen_ai.usage.image.input_tokens": 5,
        "gen_ai.usage.audio.output_tokens": 2,
        "gen_ai.usage.cost.amount": 0.00123,
        "gen_ai.usage.cost.currency": "USD",
        "gen_ai.usage.cost.source": "provider",
        "gen_ai.response.finish_reasons": ["stop", "length"],
        "gen_ai.conversation.id": "s-1",
        "openai.response.service_tier": "priority",
    }
    failed = span(2, usage={"error.type": "rate_limit_exceeded"}, status={"code": 2})
    talkative = span(3, usage={"error.type": f"it said: {CANARY}"})
    files = {"t.json": json.dumps(export(span(1, usage=usage), failed, talkative))}
    settings = landed_files(workspace, "otel_genai", files)
    con = landed(settings)
    row = con.execute(
        "select cache_read_input_tokens, cache_creation_input_tokens, reasoning_output_tokens, "
        "image_input_tokens, audio_output_tokens, cost_amount::varchar, cost_currency, "
        "cost_source, finish_reasons, conversation_id, service_tier, error_type "
        "from landing.otel_genai order by span_id"
    ).fetchall()
    assert row[0] == (
        60, 10, 8, 5, 2, "0.001230000000000000", "USD", "provider", "stop,length", "s-1",
        "priority", None,
    )  # fmt: skip
    assert [found[-1] for found in row[1:]] == ["rate_limit_exceeded", "other"]
    assert one(con, "select count(*) from landing.otel_genai where has_usage") == 1
    assert not holders(settings, "canary-9c41")


def test_attributes_that_the_settings_name_allocate(workspace: Workspace, landed: Landed) -> None:
    more = 'mapping = {team = "attributes.app.team", product = "attributes.service.name"}'
    call = span(1, usage=NEW, attributes={"app.team": "answers", "app.note": CANARY})
    settings = landed_files(workspace, "otel_genai", {"t.json": json.dumps(export(call))}, more)
    assert one(landed(settings), "select team, product from landing.otel_genai") == (
        "answers", "answers",
    )  # fmt: skip
    assert not holders(settings, "canary-9c41")
    with pytest.raises(SettingsError, match="only keys below 'attributes'"):
        landed_files(workspace, "otel_genai", {}, 'mapping = {team = "app.team"}', folder="other")


def test_users_are_hashed_where_that_is_asked_for(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "secret of ours")
    more = 'options = {hash_users_key_env = "A_KEY"}'
    files = {"t.json": json.dumps(export(span(1, usage=NEW)))}
    settings = landed_files(workspace, "otel_genai", files, more)
    assert not holders(settings, "anna.example")


def test_a_span_that_is_exported_twice_counts_once(workspace: Workspace, landed: Landed) -> None:
    files = {"1.jsonl": lines([export(span(1, usage=NEW))] * 2)}
    files["2.jsonl.gz"] = lines([{"resourceMetrics": []}, export(span(1, usage=NEW)), {}])
    con = landed(landed_files(workspace, "otel_genai", files))
    assert one(con, LEAVES) == (1, 100, 20)


def test_the_scopes_of_old_exporters_are_read(workspace: Workspace, landed: Landed) -> None:
    old = export(span(1, usage=OLD), scope="instrumentationLibrarySpans")
    con = landed(landed_files(workspace, "otel_genai", {"t.json": json.dumps(old)}))
    assert one(con, LEAVES) == (1, 100, 20)


GOOD = export(span(1, usage=NEW))
BROKEN: dict[str, tuple[str, str, int | None]] = {
    "no export": (lines([GOOD, {"spans": CANARY}]), "no list resourceSpans", 2),
    "a text": (lines([GOOD, CANARY]), "no list resourceSpans", 2),
    "cut off": (lines([GOOD, GOOD])[:-200], "no valid JSON", 2),
    "no time": (
        lines([GOOD, export(span(2, usage=NEW, startTimeUnixNano="noon"))]),
        "start_time holds 'noon', which is not a time", 2,
    ),
    "no id": (lines([GOOD, export(span(2, usage=NEW, traceId=""))]), "trace_id is empty", 2),
    "no span": (json.dumps(export(span(1, usage=NEW), CANARY)), "trace_id is empty", 2),  # type: ignore[arg-type]
    "no count": (
        json.dumps(export(span(1, usage={"gen_ai.usage.input_tokens": "many"}))),
        "gen_ai.usage.input_tokens holds 'many', which is not a number", 1,
    ),
    "below zero": (
        json.dumps(export(span(1, usage={"gen_ai.usage.output_tokens": -1}))), "below zero", 1
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_broken_traces_are_refused_by_file_row_and_rule(workspace: Workspace, name: str) -> None:
    text, rule, row = BROKEN[name]
    with pytest.raises(RefusedError) as refusal:
        landed_files(workspace, "otel_genai", {"bad.json": text})
    assert rule in str(refusal.value) and "in/bad.json" in str(refusal.value)
    assert refusal.value.row == row
    assert "canary-9c41" not in str(refusal.value)


def test_a_line_of_many_spans_is_read(workspace: Workspace, landed: Landed) -> None:
    """More than the first buffer holds: the file is read again with a larger one."""
    long = {"gen_ai.input.messages": CANARY * 200}
    spans = [span(number, usage={**NEW, **long}) for number in range(1, 700)]
    text = json.dumps(export(*spans))
    assert len(text) > 4_194_304
    settings = landed_files(workspace, "otel_genai", {"t.jsonl": text + "\n"})
    assert one(landed(settings), LEAVES) == (699, 69900, 13980)
    assert not holders(settings, "canary-9c41")
