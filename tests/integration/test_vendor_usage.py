"""Usage and costs as two vendors report them, and a gateway's log of some of the same requests.

Responses are in the documented shapes, with made-up values. The bill is the vendor's cost report;
usage says who caused it, and is money only on a day that has no cost report yet.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.pipeline import run
from orchestration.settings import PROJECT_ROOT, Settings, load_settings
from tests.unit.landing.vendor_server import anthropic_bucket, day_start, openai_bucket, page

FIRST, SECOND, THIRD = (day_start(f"2026-10-{day:02}") for day in (1, 2, 3))
SETTINGS = """
[reference]
account_owners = "account_owners.csv"

[[sources]]
name = "openai"
type = "openai"
uri = "openai/*.json"

[[sources]]
name = "anthropic"
type = "anthropic"
uri = "anthropic/*.json"

[[sources]]
name = "gateway"
type = "litellm"
uri = "gateway.csv"
billed_by = "openai"
"""
SHAPE = {"object": "organization.usage.completions.result", "num_model_requests": 5}
CHAT = {
    **SHAPE, "project_id": "proj_search", "api_key_id": "key_1", "model": "gpt-4o-2024-08-06",
    "input_tokens": 1000, "input_cached_tokens": 400, "input_uncached_tokens": 600,
    "output_tokens": 100, "batch": False, "service_tier": "default",
}  # fmt: skip
OPENAI_USAGE = [
    CHAT,
    {**CHAT, "batch": True, "input_tokens": 2000, "input_cached_tokens": None,
     "input_uncached_tokens": None, "output_tokens": 10},
    # Nobody knows this model: unpriced, not free.
    {**CHAT, "model": "gpt-unheard-of", "input_tokens": 50, "input_cached_tokens": 0,
     "input_uncached_tokens": 20, "input_cache_write_tokens": 30, "output_tokens": 0},
    # The parts are not the whole: the whole counts.
    {**CHAT, "api_key_id": "key_2", "input_tokens": 70, "input_cached_tokens": 90,
     "input_uncached_tokens": None, "output_tokens": 7},
    {"object": "organization.usage.embeddings.result", "input_tokens": 500,
     "num_model_requests": 2, "model": "text-embedding-3-small", "project_id": "proj_search"},
    # No tokens, but a unit of their own.
    {"object": "organization.usage.images.result", "images": 3, "num_model_requests": 3},
]  # fmt: skip
CLAUDE = {
    "uncached_input_tokens": 1500, "cache_read_input_tokens": 200, "output_tokens": 500,
    "cache_creation": {"ephemeral_1h_input_tokens": 1000, "ephemeral_5m_input_tokens": 300},
    "server_tool_use": {"web_search_requests": 10}, "model": "claude-sonnet-4-5",
    "service_tier": "standard", "context_window": "0-200k", "workspace_id": "wrk_bot",
    "api_key_id": "apikey_1",
}  # fmt: skip
ANTHROPIC_USAGE = [
    CLAUDE,
    {**CLAUDE, "workspace_id": None, "api_key_id": "apikey_2"},
    {**CLAUDE, "service_tier": "priority"},
]
CLASSES = (
    "input_uncached_tokens, input_cache_read_tokens, input_cache_write_5m_tokens, "
    "input_cache_write_1h_tokens, input_cache_write_other_tokens, output_visible_tokens"
)


def openai_cost(amount: str, line_item: str | None, project: str | None = "proj_x") -> Any:
    return {
        "object": "organization.costs.result",
        "amount": {"value": amount, "currency": "usd"},
        "line_item": line_item,
        "project_id": project,
    }


def anthropic_cost(cents: str, cost_type: str, **more: Any) -> Any:
    return {"amount": cents, "currency": "USD", "cost_type": cost_type, **more}


OPENAI_COSTS = [
    openai_cost("0.012345678901234567", "gpt-4o-2024-08-06, input"),
    openai_cost("0.5", "gpt-4o-2024-08-06, cached input"),
    openai_cost("0.00001", "text-embedding-3-small"),
    openai_cost("0.02", "web search tool calls"),
    openai_cost("0.03", "code interpreter sessions"),
    openai_cost("0.04", "vector store storage"),
]
ANTHROPIC_COSTS = [
    anthropic_cost("123.78912", "tokens", description="Claude Sonnet 4.5 Usage - Input Tokens",
                   token_type="uncached_input_tokens", model="claude-sonnet-4-5",
                   workspace_id="wrk_bot"),
    anthropic_cost("0.0000000000000001", "web_search", description="Web Search Usage"),
    anthropic_cost("5", "code_execution", description="Code Execution Usage"),
]  # fmt: skip


def write(settings: Settings, name: str, content: Any) -> None:
    path = settings.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


def marts(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.publish / "marts.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def write_company(folder: Path, settings_text: str = SETTINGS) -> Settings:
    """Two days of usage, costs of the first only, and a log of some of its requests."""
    (folder / "twinledger.toml").write_text(settings_text, encoding="utf-8")
    settings = load_settings(folder / "twinledger.toml")
    header = (PROJECT_ROOT / "seeds" / "reference" / "account_owners.csv").read_text("utf-8")
    write(settings, "account_owners.csv", f"{header.strip()}\nanthropic,wrk_bot,,bots,,,,,,\n")
    second_day = openai_bucket(SECOND, THIRD, [CHAT])
    first_day = openai_bucket(FIRST, SECOND, OPENAI_USAGE)
    write(settings, "openai/usage.json", page([first_day, second_day]))
    write(settings, "openai/costs_1.json", page([openai_bucket(FIRST, SECOND, OPENAI_COSTS)]))
    bucket = anthropic_bucket(FIRST, SECOND, ANTHROPIC_USAGE)
    write(settings, "anthropic/usage.json", page([bucket]))
    bucket = anthropic_bucket(FIRST, SECOND, ANTHROPIC_COSTS)
    write(settings, "anthropic/costs.json", page([bucket]))
    write(
        settings,
        "gateway.csv",
        "request_id,startTime,endTime,model,custom_llm_provider,prompt_tokens,completion_tokens,"
        "spend,team_id,request_tags,status\n"
        "a,2026-10-01 10:00:00,,gpt-4o-2024-08-06,openai,300,0,0,red,[],success\n"
        "b,2026-10-01 11:00:00,,gpt-4o-2024-08-06,openai,700,0,0,blue,[],success\n",
    )
    return settings


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The company, published."""
    settings = write_company(tmp_path_factory.mktemp("vendors"))
    run(settings)
    return settings


def test_token_classes_are_the_reports_counted_once(company: Settings) -> None:
    assert marts(
        company,
        f"select model, service_tier, workload, requests, {CLASSES}, total_tokens, "
        "mismatched_requests from cost_ledger.token_usage_daily where source_name = 'openai' "
        "and usage_date = '2026-10-01' and unit is null order by model, service_tier, workload",
    ) == [
        ("gpt-4o-2024-08-06", "batch", "key_1", 5, 2000, 0, 0, 0, 0, 10, 2010, 0),
        ("gpt-4o-2024-08-06", "standard", "key_1", 5, 600, 400, 0, 0, 0, 100, 1100, 0),
        ("gpt-4o-2024-08-06", "standard", "key_2", 5, 70, 0, 0, 0, 0, 7, 77, 1),
        ("gpt-unheard-of", "standard", "key_1", 5, 20, 0, 0, 0, 30, 0, 50, 0),
        ("text-embedding-3-small", "standard", None, 2, 500, 0, 0, 0, 0, 0, 500, 0),
    ]
    assert marts(
        company,
        f"select service_tier, sub_account_id, requests, {CLASSES}, total_tokens "
        "from cost_ledger.token_usage_daily where source_name = 'anthropic' and unit is null "
        "order by service_tier, sub_account_id",
    ) == [
        ("provisioned", "wrk_bot", None, 1500, 200, 300, 1000, 0, 500, 3500),
        ("standard", "wrk_bot", None, 1500, 200, 300, 1000, 0, 500, 3500),
        ("standard", None, None, 1500, 200, 300, 1000, 0, 500, 3500),
    ]


def test_what_is_no_token_has_a_unit_of_its_own(company: Settings) -> None:
    assert marts(
        company,
        "select source_name, model, unit, quantity, requests, total_tokens, unpriced_tokens "
        "from cost_ledger.token_usage_daily where unit is not null and service_tier = 'standard' "
        "order by source_name, sub_account_id",
    ) == [
        ("anthropic", "claude-sonnet-4-5", "web_searches", 10, None, 0, 0),
        ("anthropic", "claude-sonnet-4-5", "web_searches", 10, None, 0, 0),
        ("openai", None, "output_images", 3, 3, 0, 0),
    ]


def test_each_class_is_priced_once_and_what_has_no_price_is_null(company: Settings) -> None:
    prices = {
        (model, token_class): price
        for model, token_class, price in marts(
            company,
            "select model, token_class, unit_price from reference.price_book where "
            "service_tier = 'standard' and context_from_tokens = 0 and from_time is null and "
            "not superseded and date '2026-10-01' between coalesce(valid_from, '2000-01-01') "
            "and coalesce(valid_to, '2100-01-01') and provider in ('openai', 'anthropic') and "
            "model in ('gpt-4o', 'claude-sonnet-4-5')",
        )
    }

    def cost(model: str, **tokens: int) -> Decimal:
        return sum((prices[model, name] * n for name, n in tokens.items()), start=Decimal(0))

    rated = dict(
        marts(
            company,
            "select concat_ws(' ', model, service_tier, workload), rated_cost from "
            "cost_ledger.token_usage_daily where source_name <> 'gateway' "
            "and unit is null and usage_date = '2026-10-01'",
        )
    )
    assert rated["gpt-4o-2024-08-06 standard key_1"] == cost(
        "gpt-4o", input_uncached=600, input_cache_read=400, output=100
    )
    assert rated["claude-sonnet-4-5 standard apikey_2"] == cost(
        "claude-sonnet-4-5", input_uncached=1500, input_cache_read=200,
        input_cache_write_5m=300, input_cache_write_1h=1000, output=500,
    )  # fmt: skip
    assert rated["gpt-unheard-of standard key_1"] is None
    # The list states no price of its batch tier.
    assert rated["gpt-4o-2024-08-06 batch key_1"] is None
    # Capacity that was bought apart: its tokens cost nothing by themselves.
    assert rated["claude-sonnet-4-5 provisioned apikey_1"] == 0
    assert marts(
        company,
        "select model, unpriced_tokens from cost_ledger.token_usage_daily "
        "where unpriced_tokens > 0 order by model",
    ) == [("gpt-4o-2024-08-06", 2010), ("gpt-unheard-of", 50)]


def test_the_bill_is_the_cost_report_to_the_last_decimal(company: Settings) -> None:
    assert marts(
        company,
        "select source_name, evidence_level, sum(billed_cost), sum(billed_cost) = sum(cost), "
        "count(*) from cost_ledger.charges where charge_date = '2026-10-01' group by 1, 2 "
        "order by 1",
    ) == [
        ("anthropic", "billed", Decimal("1.287891200000000001"), True, 3),
        ("openai", "billed", Decimal("0.602355678901234567"), True, 6),
    ]
    assert marts(
        company,
        "select charge_description, ledger_category, lifecycle, sub_account_id, model "
        "from cost_ledger.charges where evidence_level = 'billed' order by source_name, 1",
    ) == [
        ("Claude Sonnet 4.5 Usage - Input Tokens", "hosted_inference", "inference", "wrk_bot",
         "claude-sonnet-4-5"),
        ("Code Execution Usage", "hosted_inference", "inference", None, None),
        ("Web Search Usage", "hosted_inference", "inference", None, None),
        ("code interpreter sessions", "hosted_inference", "inference", "proj_x", None),
        ("gpt-4o-2024-08-06, cached input", "hosted_inference", "inference", "proj_x",
         "gpt-4o-2024-08-06"),
        ("gpt-4o-2024-08-06, input", "hosted_inference", "inference", "proj_x",
         "gpt-4o-2024-08-06"),
        ("text-embedding-3-small", "embedding_retrieval", "embedding", "proj_x",
         "text-embedding-3-small"),
        ("vector store storage", "embedding_retrieval", "embedding", "proj_x", None),
        ("web search tool calls", "hosted_inference", "inference", "proj_x", None),
    ]  # fmt: skip


def test_the_log_says_who_caused_the_bill_and_else_the_report_does(company: Settings) -> None:
    assert marts(
        company,
        "select source_name, usage_date::varchar, is_in_request_log from "
        "cost_ledger.token_usage_daily group by all order by 1, 2",
    ) == [
        ("anthropic", "2026-10-01", False),
        ("gateway", "2026-10-01", False),
        ("openai", "2026-10-01", True),
        ("openai", "2026-10-02", False),
    ]
    # 3 to 7 by the log's tokens.
    assert marts(
        company,
        "select source_name, team, workload, sum(cost) from allocation.cost_allocations "
        "where charge_date = '2026-10-01' and model = 'gpt-4o-2024-08-06' group by all "
        "order by team",
    ) == [
        ("openai", "blue", None, Decimal("0.358641975231234567")),
        ("openai", "red", None, Decimal("0.153703703670")),
    ]
    by_key = marts(
        company,
        "select team, workload, sum(cost) from allocation.cost_allocations "
        "where source_name = 'anthropic' group by all order by all",
    )
    assert [row[:2] for row in by_key] == [("bots", "apikey_1"), ("bots", None), (None, "apikey_2")]
    assert sum(row[2] for row in by_key) == Decimal("1.287891200000000001")


def test_a_day_without_costs_is_rated_until_they_come(company: Settings) -> None:
    kinds = (
        "select evidence_level, count(*), sum(cost) = sum(effective_cost), sum(billed_cost) "
        "from cost_ledger.charges where source_name = 'openai' and charge_date = '2026-10-02' "
        "group by all"
    )
    ids = "select charge_id from cost_ledger.charges where charge_date = '2026-10-01' order by 1"
    assert marts(company, kinds) == [("rated", 1, True, None)]
    assert marts(company, "select 1 from cost_ledger.charges where source_name = 'gateway'") == []
    before = marts(company, ids)
    costs = [openai_bucket(SECOND, THIRD, [openai_cost("0.7", "gpt-4o-2024-08-06, input")])]
    write(company, "openai/costs_2.json", page(costs))
    run(company)
    assert marts(company, kinds) == [("billed", 1, True, Decimal("0.7"))]
    assert marts(company, ids) == before
    assert marts(
        company, "select sum(total_tokens) from cost_ledger.token_usage_daily where "
        "source_name = 'openai' and usage_date = '2026-10-02'",
    ) == [(1100,)]  # fmt: skip
