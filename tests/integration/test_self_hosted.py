"""Tokens served on GPUs of one's own, from a real Prometheus server to the cost of a million.

The server has two days of history and scrapes an exporter whose process starts anew on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.landing.land import land
from orchestration.landing.prometheus import server as prometheus
from orchestration.pipeline import run
from orchestration.settings import Settings, load_settings
from tests.integration.prometheus_server import (
    Exporter,
    openmetrics,
    prometheus_server,
    wait_until,
)

FIRST = datetime(2026, 10, 1, tzinfo=UTC)
STEP = timedelta(minutes=5)
SETTINGS = """
[[sources]]
name = "vllm"
type = "vllm"
uri = "{address}"
start = 2026-10-01
mapping = {{workload = "app", team = "squad"}}
options = {{selector = 'job="history"'}}

[[sources]]
name = "nodes"
type = "gpu_nodes"
uri = "nodes.csv"

[[sources]]
name = "rented_nodes"
type = "gpu_nodes"
uri = "rented.csv"
billed_by = "rental"

[[sources]]
name = "jobs"
type = "gpu_jobs"
uri = "jobs.csv"

[[sources]]
name = "rental"
type = "cost_lines"
uri = "rental.csv"
constants = {{ledger_category = "self_hosted_inference"}}

[[sources]]
name = "app_log"
type = "token_events"
uri = "app.csv"
"""
FILES = {
    "nodes.csv": "node,gpus,hourly_price,currency,available_from,available_to\n"
    "g1,1,0.864,USD,2026-10-01 00:00:00,2026-10-03 00:00:00\n",
    "rented.csv": "node,gpus,available_from,available_to\n"
    "g2,2,2026-10-01 00:00:00,2026-10-03 00:00:00\n",
    "jobs.csv": "job,node,gpus,workload,team,started_at,ended_at\n"
    "1,g1,1,chat,blue,2026-10-01 00:00:00,2026-10-03 00:00:00\n"
    "2,g2,2,batch,red,2026-10-01 00:00:00,2026-10-03 00:00:00\n",
    "rental.csv": "charge_date,cost,currency,resource,service\n"
    "2026-10-01,12.34,USD,g2,gpu rental\n2026-10-02,0.123456789012345678,USD,g2,gpu rental\n",
    "app.csv": "request_id,started_at,provider,model,input_tokens,output_tokens\n"
    "a,2026-10-01 10:00:00,openai,gpt-4o,300000,100000\n",
}
A_STEP = {
    "vllm:prompt_tokens_total": 1000.0,
    "vllm:prefix_cache_hits_total": 400.0,
    "vllm:generation_tokens_total": 200.0,
    'vllm:request_success_total{finished_reason="stop"': 4.0,
    'vllm:request_success_total{finished_reason="abort"': 1.0,
    "vllm:request_prefill_time_seconds_sum": 1.5,
    "vllm:request_decode_time_seconds_sum": 4.5,
    # Never read.
    "vllm:num_requests_running": 1.0,
}


def labelled(name: str, **labels: str) -> str:
    listed = ",".join(f'{key}="{value}"' for key, value in labels.items() if value)
    return f"{name},{listed}}}" if "{" in name else f"{name}{{{listed}}}"


def counted(a_step: float, begins: float = 0, restart: int | None = None) -> Any:
    """Two days of a counter, a sample a step; it restarts at 0 before the sample of that number."""
    samples, value = [], begins
    for number in range(2 * 288 + 1):
        value = 0 if number == restart else value
        value += a_step if number else 0
        samples.append((FIRST + number * STEP, value))
    return samples


def history() -> str:
    series = {}
    for name, a_step in A_STEP.items():
        pods = (("llama-0", 50 * a_step, 144), ("llama-1", 0, None))
        for pod, begins, restart in pods:
            labels = {"model_name": "llama", "pod": pod, "app": "chat", "squad": "blue"}
            series[labelled(name, job="history", **labels)] = counted(a_step / 2, begins, restart)
    for model, app in (("qwen", "batch"), ("dark", "")):
        for name in ("vllm:prompt_tokens_total", "vllm:generation_tokens_total"):
            series[labelled(name, job="history", model_name=model, app=app)] = counted(100.0)
    return openmetrics(series)


def page(moment: datetime, prompt: float, generation: float) -> str:
    """A scrape that tells its own time, so that a minute passes in a second."""
    stamp = int(moment.timestamp() * 1000)
    labels = '{model_name="live",engine="0"}'
    return (
        f"vllm:prompt_tokens_total{labels} {prompt!r} {stamp}\n"
        f"vllm:generation_tokens_total{labels} {generation!r} {stamp}\n"
    )


@pytest.fixture(scope="module")
def live() -> Iterator[Exporter]:
    """A server of five minutes: it restarts in the third."""
    minute = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=6)
    counts = [(1000, 10), (1600, 25), (90, 0), (250, 7), (250, 7)]
    pages = [
        page(minute + timedelta(minutes=number), float(prompt), float(generation))
        for number, (prompt, generation) in enumerate(counts)
    ]
    with Exporter(pages) as exporter:
        yield exporter


@pytest.fixture(scope="module")
def address(live: Exporter) -> Iterator[str]:
    with prometheus_server(history(), live.address) as address:
        yield address


@pytest.fixture(scope="module")
def company(address: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two days of three served models and a bought one, published."""
    folder: Path = tmp_path_factory.mktemp("self_hosted")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "twinledger.toml").write_text(SETTINGS.format(address=address), encoding="utf-8")
    settings = load_settings(folder / "twinledger.toml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prometheus, "now", lambda: FIRST + timedelta(days=2))
        run(settings)
    return settings


def marts(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.publish / "marts.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_a_restart_that_prometheus_scraped_loses_nothing(
    address: str, live: Exporter, workspace: Callable[..., Settings], landed: Callable[..., Any],
    no_gate: None,
) -> None:  # fmt: skip
    wait_until(lambda: live.is_scraped, "all of the exporter's pages are scraped")
    day = (datetime.now(UTC) - timedelta(days=1)).date()
    settings = workspace(
        f'[[sources]]\nname = "v"\ntype = "vllm"\nuri = "{address}"\nstart = {day}\n'
        "options = {selector = 'model_name=\"live\"'}\n"
    )
    land(settings)
    query = (
        "select metric, sum(increase), sum(resets), max(job), max(instance) "
        "from landing.vllm_metrics group by 1 order by 1"
    )
    assert landed(settings).execute(query).fetchall() == [
        ("vllm:generation_tokens_total", 15 + 7, 1, "vllm", live.address),
        ("vllm:prompt_tokens_total", 600 + 90 + 160, 1, "vllm", live.address),
    ]


def test_served_tokens_stand_beside_bought_ones(company: Settings) -> None:
    assert marts(
        company,
        "select model, provider, service_tier, team, workload, requests, failed_requests, "
        "input_uncached_tokens, input_cache_read_tokens, output_visible_tokens, total_tokens, "
        "rated_cost, unpriced_tokens, mismatched_requests from cost_ledger.token_usage_daily "
        "where source_name = 'vllm' and usage_date = '2026-10-01' order by 1",
    ) == [
        ("dark", "self_hosted", "self_hosted", None, None, None, None, 28800, 0, 28800, 57600, 0,
         0, 0),
        ("llama", "self_hosted", "self_hosted", "blue", "chat", 1440, 288, 172800, 115200, 57600,
         345600, 0, 0, 0),
        ("qwen", "self_hosted", "self_hosted", None, "batch", None, None, 28800, 0, 28800, 57600,
         0, 0, 0),
    ]  # fmt: skip
    # The GPUs' hours carry the money: the tokens add no charge of their own.
    assert marts(
        company,
        "select source_name, evidence_level, sum(cost) from cost_ledger.charges group by all "
        "order by 1",
    )[1:] == [
        ("nodes", "modelled", Decimal("41.472")),
        ("rental", "billed", Decimal("12.463456789012345678")),
    ]


def test_a_million_tokens_cost_what_the_gpus_cost(company: Settings) -> None:
    rows = marts(
        company,
        "select entity, metric, cost, units, unit_cost, evidence_level, split_method, completeness "
        "from unit_economics.unit_costs where entity_type = 'model' order by 1, 2",
    )
    input_tokens, output_tokens, tokens = (
        f"cost_per_1m_{kind}tokens" for kind in ("input_", "output_", "")
    )
    time = "prefill_decode_time"
    rented = Decimal("12.463456789012345678")
    by_key = {row[:2]: row[2:] for row in rows}
    rated = by_key.pop(("openai/gpt-4o", tokens))
    assert by_key == {
        # Nobody counted what its prefix cache held: what was not held is unknown too.
        ("self_hosted/dark", input_tokens): (None, None, None, None, time, 0),
        ("self_hosted/dark", output_tokens): (None, Decimal("0.0576"), None, None, time, 0),
        ("self_hosted/dark", tokens): (None, Decimal("0.1152"), None, None, None, 0),
        ("self_hosted/llama", input_tokens):
            (Decimal("10.368"), Decimal("0.3456"), 30.0, "modelled", time, 1),
        ("self_hosted/llama", output_tokens):
            (Decimal("31.104"), Decimal("0.1152"), 270.0, "modelled", time, 1),
        ("self_hosted/llama", tokens):
            (Decimal("41.472"), Decimal("0.6912"), 60.0, "modelled", None, 1),
        ("self_hosted/qwen", input_tokens): (None, None, None, "billed", time, 0),
        ("self_hosted/qwen", output_tokens):
            (None, Decimal("0.0576"), None, "billed", time, 0),
        ("self_hosted/qwen", tokens):
            (rented, Decimal("0.1152"), float(rented) / 0.1152, "billed", None, 1),
    }  # fmt: skip
    # A model that was bought has the same metric, rated here since no bill covers it.
    cost = marts(
        company,
        "select sum(rated_cost) from cost_ledger.token_usage_daily where model = 'gpt-4o'",
    )[0][0]
    assert cost > 0
    assert rated == (cost, Decimal("0.4"), pytest.approx(float(cost) / 0.4), "rated", None, 1)


def test_the_whole_is_what_its_parts_are(company: Settings) -> None:
    assert marts(
        company,
        "select cost, units from unit_economics.unit_costs where entity_type = 'all' "
        "and metric = 'cost_per_1m_tokens'",
    ) == marts(
        company,
        "select (select sum(cost) from cost_ledger.charges where is_ai), "
        "(sum(total_tokens) * 0.000001)::decimal(38, 18) from cost_ledger.token_usage_daily",
    )
