"""Logs of clouds, gateways and trace stores, from their files to the daily usage, in one company.

The records are those of the landing tests: what a source calls its total must come out as the sum
of disjoint classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from orchestration.pipeline import run
from orchestration.settings import Settings, load_settings
from tests.unit.landing import (
    test_azure_openai,
    test_bedrock_logs,
    test_langfuse,
    test_litellm_daily,
    test_openrouter,
    test_otel_genai,
    test_vertex_usage,
)
from tests.unit.landing.usage_logs import lines

SPANS = test_otel_genai.export(
    test_otel_genai.span(1, usage=test_otel_genai.NEW),
    test_otel_genai.span(2, parent=1, usage=test_otel_genai.NEW),
)
RECORDS: Mapping[str, list[dict[str, Any]]] = {
    "bedrock_logs": [test_bedrock_logs.record(0), test_bedrock_logs.record(3)],
    "vertex_usage": [test_vertex_usage.record(1)],
    "azure_openai": [
        test_azure_openai.record(1),
        {**test_azure_openai.record(2), "properties": ""},
    ],
    "langfuse": [test_langfuse.observation(1), test_langfuse.observation(2, type="AGENT")],
    "otel_genai": [SPANS],
    "openrouter": [test_openrouter.exported(1), test_openrouter.generation(2)],
    "litellm_daily": [
        test_litellm_daily.row(1),
        test_litellm_daily.row(2, "team_id"),
        test_litellm_daily.row(3, "tag"),
    ],
}
MORE = {
    "vertex_usage": (
        'constants = {sampling_rate = 1.0}\nmapping = {team = "full_request.labels.team"}'
    ),
    "bedrock_logs": 'mapping = {team = "requestMetadata.team"}',
    "azure_openai": test_azure_openai.PTU,
}
CLASSES = (
    "input_uncached_tokens, input_cache_read_tokens, input_cache_write_other_tokens, "
    "output_visible_tokens, output_reasoning_tokens"
)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("logs")
    text = ""
    for kind, records in RECORDS.items():
        for place, record in enumerate(records):
            path = folder / kind / f"{place}.jsonl"
            path.parent.mkdir(exist_ok=True)
            path.write_text(lines([record]), encoding="utf-8")
        text += f'[[sources]]\nname = "{kind}"\ntype = "{kind}"\nuri = "{kind}/*.jsonl"\n'
        text += MORE.get(kind, "") + "\n"
    (folder / "twinledger.toml").write_text(text, encoding="utf-8")
    settings = load_settings(folder / "twinledger.toml")
    run(settings)
    return settings


def marts(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.publish / "marts.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_every_log_becomes_disjoint_classes_that_add_up(company: Settings) -> None:
    assert marts(
        company,
        f"select source_name, service_tier, team, requests, {CLASSES}, total_tokens, "
        "mismatched_requests from cost_ledger.token_usage_daily order by source_name, service_tier",
    ) == [
        ("azure_openai", "provisioned", None, 1, 36, 64, 0, 12, 8, 120, 0),
        ("bedrock_logs", "standard", "answers", 2, 20, 40, 60, 80, 0, 200, 0),
        ("langfuse", "standard", None, 1, 100, 60, 0, 20, 0, 180, 0),
        ("litellm_daily", "standard", None, 10, 300, 600, 100, 200, 0, 1200, 0),
        ("openrouter", "own_key", None, 1, 40, 60, 0, 12, 8, 120, 0),
        ("openrouter", "standard", None, 1, 40, 60, 0, 12, 8, 120, 0),
        ("otel_genai", "standard", None, 1, 100, 0, 0, 20, 0, 120, 0),
        ("vertex_usage", "provisioned", "answers", 1, 43, 60, 0, 20, 7, 130, 0),
    ]


def test_a_request_is_one_row_and_a_bucket_is_none(company: Settings) -> None:
    assert marts(
        company,
        "select source_name, count(*) from cost_ledger.token_requests group by all order by 1",
    ) == [
        ("azure_openai", 1), ("bedrock_logs", 2), ("langfuse", 1), ("otel_genai", 1),
        ("vertex_usage", 1),
    ]  # fmt: skip


def test_what_was_bought_apart_costs_nothing_by_itself(company: Settings) -> None:
    assert marts(
        company,
        "select distinct rated_cost, unpriced_tokens from "
        "cost_ledger.token_usage_daily where service_tier in ('provisioned', 'own_key')",
    ) == [(0, 0)]


def test_what_openrouter_charged_is_its_bill_and_nothing_is_added(company: Settings) -> None:
    """The fee for a key of one's own counts; what the vendor behind it charges does not."""
    assert marts(
        company,
        "select evidence_level, charge_description, ledger_category, model, billed_cost, cost "
        "from cost_ledger.charges where source_name = 'openrouter' order by all",
    ) == [
        ("billed", "Fee for an own key", "hosted_inference", "openai/gpt-4.1",
         Decimal("0.0015"), Decimal("0.0015")),
        ("billed", "Generations", "hosted_inference", "openai/gpt-4.1-2025-04-14",
         Decimal("0.00123"), Decimal("0.00123")),
    ]  # fmt: skip
    assert marts(
        company,
        "select sum(cost), count(distinct customer) from allocation.cost_allocations "
        "where source_name = 'openrouter'",
    ) == [(Decimal("0.00273"), 1)]
