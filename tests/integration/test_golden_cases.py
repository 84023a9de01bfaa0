"""Public bugs replayed: the tool's formula gives the tool's error, ours the vendor's figure.

All cases land in one company, each in its source's own format, and are built once.
"""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock

from orchestration.pipeline import run
from orchestration.settings import Settings, load_settings
from tests.integration.golden_cases import ALIASES, CASES, FABLE_51, LIST, RECORDS, ROUTED, Case
from tests.integration.price_lists import as_csv
from tests.unit.landing.usage_logs import lines
from tests.unit.landing.vendor_server import anthropic_bucket, day_start, openai_bucket, page

SETTINGS = """
[reference]
model_aliases = "model_aliases.csv"

[[sources]]
name = "list"
type = "prices"
uri = "prices.csv"

[[sources]]
name = "gemini"
type = "vertex_usage"
uri = "gemini.jsonl"
constants = {sampling_rate = 1.0}

[[sources]]
name = "gateway"
type = "litellm"
uri = "gateway.jsonl"

[[sources]]
name = "gateway_days"
type = "litellm_daily"
uri = "gateway_days.jsonl"
options = {gateway = "vertex"}

[[sources]]
name = "traces"
type = "langfuse"
uri = "traces.jsonl"
mapping = {feature = "metadata.feature"}

[[sources]]
name = "bedrock"
type = "bedrock_logs"
uri = "bedrock.jsonl"

[[sources]]
name = "spans"
type = "otel_genai"
uri = "spans.jsonl"

[[sources]]
name = "claude"
type = "anthropic"
uri = "claude/*.json"

[[sources]]
name = "openai"
type = "openai"
uri = "openai/*.json"

[[sources]]
name = "router"
type = "openrouter"
uri = "router.jsonl"

[[sources]]
name = "events"
type = "token_events"
uri = "events.jsonl"
mapping = {started_at = "started_at", input_tokens = "input_tokens", output_tokens = "output_tokens", cached_input_tokens = "cached_input_tokens", provider = "provider", model = "model", feature = "feature"}
"""  # noqa: E501
DAY = (day_start("2026-10-01"), day_start("2026-10-02"))


def cents(amount: Decimal, token_type: str) -> dict[str, Any]:
    """A line of Anthropic's cost report."""
    return {
        "amount": str(amount * 100), "currency": "USD", "cost_type": "tokens",
        "token_type": token_type, "model": "claude-fable-5-1", "service_tier": "standard",
        "context_window": "0-200k", "description": "Claude Fable 5.1 Usage",
    }  # fmt: skip


BILL = {
    "uncached_input_tokens": Decimal("0.00045"),
    "cache_read_input_tokens": Decimal("0.97739175"),
    "cache_creation.ephemeral_1h_input_tokens": Decimal(4),
    "output_tokens": Decimal("5.2"),
}


# A bill for what no list prices: neither free nor a difference of everything.
UNHEARD = {
    "object": "organization.usage.completions.result", "model": "gpt-unheard-of",
    "input_tokens": 50, "input_cached_tokens": 0, "output_tokens": 10, "num_model_requests": 1,
}  # fmt: skip
UNHEARD_COST = {
    "object": "organization.costs.result", "line_item": "gpt-unheard-of, input",
    "amount": {"value": "0.5", "currency": "usd"},
}  # fmt: skip


def write_company(folder: Path) -> None:
    for name in ("claude", "openai"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    costs = [cents(amount, token_type) for token_type, amount in BILL.items()]
    files = {
        "twinledger.toml": SETTINGS,
        "prices.csv": as_csv({**row, "price_kind": "negotiated"} for row in LIST),
        "model_aliases.csv": as_csv(ALIASES),
        "openai/usage.json": json.dumps(page([openai_bucket(*DAY, [UNHEARD])])),
        "openai/costs.json": json.dumps(page([openai_bucket(*DAY, [UNHEARD_COST])])),
        "claude/usage.json": json.dumps(page([anthropic_bucket(*DAY, [FABLE_51])])),
        "claude/costs.json": json.dumps(page([anthropic_bucket(*DAY, costs)])),
        **{f"{source}.jsonl": lines(records) for source, records in RECORDS.items()},
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """All cases, built once for all workers. Read it only."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder = shared / "golden"
    with FileLock(shared / "golden.lock"):
        if not (folder / "published" / "marts.duckdb").is_file():
            write_company(folder)
            run(load_settings(folder / "twinledger.toml"))
    return load_settings(folder / "twinledger.toml")


def marts(settings: Settings, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.publish / "marts.duckdb"), read_only=True) as con:
        return con.execute(sql, values).fetchall()


def as_stated(amount: Decimal, stated: str) -> str:
    """An amount with as many decimals as a thread states."""
    places = len(stated.partition(".")[2])
    return f"{round(amount, places):.{places}f}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.thread)
def test_our_figure_is_the_vendors(company: Settings, case: Case) -> None:
    ((rated, unpriced),) = marts(
        company,
        "select sum(rated_cost), sum(unpriced_tokens) from cost_ledger.token_usage_daily "
        "where source_name = ? and model = ? and feature is not distinct from ?",
        case.source,
        case.model,
        case.feature,
    )
    assert (rated, unpriced) == (case.vendor, 0)
    if case.said[0]:
        assert as_stated(rated, case.said[0]) == case.said[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.thread)
def test_the_tools_formula_is_wrong_as_the_thread_says(case: Case) -> None:
    assert case.naive != case.vendor
    if case.said[1]:
        assert as_stated(case.naive, case.said[1]) == case.said[1]


def test_a_sessions_two_models_add_up_to_what_it_cost(company: Settings) -> None:
    ((cost,),) = marts(
        company,
        "select sum(rated_cost) from cost_ledger.token_usage_daily "
        "where source_name = 'gateway_days'",
    )
    assert as_stated(cost, "5.94") == "5.94"


def test_a_split_that_is_not_the_total_is_flagged(company: Settings) -> None:
    flagged = marts(
        company,
        "select source_name, model from cost_ledger.token_usage_daily "
        "where mismatched_requests > 0",
    )
    assert flagged == [("gateway", "claude-sonnet-4-5")]


def test_the_vendors_bill_is_met_class_by_class(company: Settings) -> None:
    rows = marts(
        company,
        "select token_class, rated_cost, billed_cost, difference, cause "
        "from cost_ledger.rated_vs_billed where bill_source_name = 'claude' order by rated_cost",
    )
    assert [(rated, billed, difference, cause) for _, rated, billed, difference, cause in rows] == [
        (amount, amount, 0, "none") for amount in sorted(BILL.values())
    ]


def test_what_a_gateway_charged_and_was_charged_is_not_added(company: Settings) -> None:
    """PL#224: both are in its record, and the tool's sum is twice the charge."""
    rows = marts(
        company,
        "select billed_cost, effective_cost from cost_ledger.charges where source_name = 'router'",
    )
    assert rows == [(ROUTED, ROUTED)]


def test_a_bill_for_what_has_no_price_is_no_difference(company: Settings) -> None:
    rows = marts(
        company,
        "select rated_cost, billed_cost, difference, cause from cost_ledger.rated_vs_billed "
        "where bill_source_name = 'openai' and billed_cost is not null",
    )
    assert rows == [(None, Decimal("0.5"), None, "unpriced")]
