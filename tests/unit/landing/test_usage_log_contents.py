"""All usage logs at once, through the gate and its data docs: what was said is nowhere."""

from __future__ import annotations

import gzip

import duckdb
import pytest

from orchestration.landing.land import land
from tests.unit.landing import (
    test_azure_openai,
    test_bedrock_logs,
    test_langfuse,
    test_litellm,
    test_openrouter,
    test_otel_genai,
    test_vertex_usage,
)
from tests.unit.landing.usage_logs import CANARY, Landed, Workspace, deliver, holders, lines, one

# What was said is told again in the error of a call that failed.
FAILED = {
    "error_information": {
        "error_code": f"no code: {CANARY}", "error_message": CANARY, "traceback": CANARY,
    },
    "guardrail_information": {"guardrail_request": CANARY},
    "proxy_server_request": CANARY,
}  # fmt: skip

LOGS = {
    "azure_openai": [test_azure_openai.record(1)],
    "bedrock_logs": test_bedrock_logs.RECORDS,
    "langfuse": [*test_langfuse.ROWS, test_langfuse.observation(3, level="ERROR")],
    "litellm": [test_litellm.call(1), test_litellm.call(2, status="failure", metadata=FAILED)],
    "openrouter": [test_openrouter.generation(1)],
    "otel_genai": [
        test_otel_genai.export(
            test_otel_genai.span(1, usage=test_otel_genai.NEW),
            test_otel_genai.span(
                2, usage={**test_otel_genai.NEW, "error.type": f"it said: {CANARY}"}
            ),
        )
    ],
    "vertex_usage": test_vertex_usage.ROWS,
}


def test_no_content_of_any_log_is_kept_anywhere(
    workspace: Workspace,
    landed: Landed,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    sources = [
        f'[[sources]]\nname = "{kind}"\ntype = "{kind}"\nuri = "in/{kind}.jsonl"\n'
        + ("constants = {sampling_rate = 1}\n" if kind == "vertex_usage" else "")
        for kind in LOGS
    ]
    settings = workspace("\n".join(sources))
    deliver(settings, {f"{kind}.jsonl": lines(records) for kind, records in LOGS.items()})
    assert all(result.is_new for result in land(settings))
    # The gate did judge them, and its pages are searched too.
    judged = one(landed(settings), "select count(distinct source_name) from landing.gate_results")
    assert judged == len(LOGS) and list((settings.work / "data_docs").glob("*.html"))
    printed = "".join(capfd.readouterr())
    for text in (CANARY, "canary-9c41"):
        assert not holders(settings, text)
        assert text not in caplog.text and text not in printed


def test_the_search_would_find_it(workspace: Workspace) -> None:
    settings = workspace("")
    (settings.folder / "lake").mkdir()
    (settings.folder / "lake" / "notes.txt").write_text(CANARY, encoding="utf-8")
    part = settings.folder / "lake" / "part-0.parquet"
    packed = "select repeat(?, 9) as found from range(99)"
    con = duckdb.connect()
    con.execute("create table rows as " + packed, [CANARY])
    con.execute(f"copy rows to '{part}' (compression zstd)")
    built = settings.folder / "lake" / "build.duckdb"
    with duckdb.connect(str(built)) as build:
        build.execute("create table rows as select ? || range as found from range(9999)", [CANARY])
    assert CANARY.encode() not in built.read_bytes()
    (settings.folder / "lake" / "log.gz").write_bytes(gzip.compress(CANARY.encode()))
    assert sorted(holders(settings, CANARY)) == [
        "lake/build.duckdb", "lake/log.gz", "lake/notes.txt", "lake/part-0.parquet",
    ]  # fmt: skip
