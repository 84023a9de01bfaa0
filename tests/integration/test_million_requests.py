"""A million mixed requests, rated by the product in sums, and by genai-prices one by one.

Every request is in the comparison: what differs has a rule, a number of requests and an amount.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from functools import partial
from multiprocessing import get_context
from time import perf_counter
from typing import Any

import duckdb
import pytest

from orchestration.pipeline import run
from orchestration.settings import Settings, load_settings
from tests.integration.million_requests import (
    PART_ROWS,
    UNKNOWN,
    Key,
    Verdict,
    is_paid,
    judge,
    listed,
    priced_models,
    write_part,
)

pytestmark = pytest.mark.slow

ROWS = 1_000_000
SETTINGS = """
[[sources]]
name = "events"
type = "token_events"
uri = "events/*.parquet"
mapping = {started_at = "started_at", provider = "provider", model = "model", service_tier = "service_tier", input_tokens = "input_tokens", cached_input_tokens = "cached_input_tokens", cache_write_tokens = "cache_write_tokens", output_tokens = "output_tokens", reasoning_tokens = "reasoning_tokens", unit = "unit", quantity = "quantity"}

[[sources]]
name = "gateway"
type = "litellm"
uri = "gateway/*.parquet"
"""  # noqa: E501
KEY = "source_name, provider, model, service_tier, coalesce(unit, ''), usage_date"
UNITS = {unit for model in priced_models() for unit in model.units}
DUST = Decimal("0.000000001")


def rule(key: Key, unpriced_classes: set[str], cost: Decimal, rated: Decimal | None) -> str:
    """Why a key may differ, by the package's own data; the empty text where it may not."""
    _, provider, model, tier, unit, day = key
    difference = cost - (rated or 0)
    keys = listed(provider, model, tier, day)
    if keys is None and rated is None:
        return "a tier without prices then: the package takes the standard ones, we take none"
    if keys is None:
        return ""
    if provider == "groq" and unit.endswith("audio_seconds") and difference > 0:
        return "Groq bills ten seconds of audio at least: the package knows, no price list says so"
    if not unpriced_classes:
        return "unit prices are rounded to 18 decimals" if abs(difference) < DUST else ""
    # What we leave unpriced can only lack.
    if any(is_paid(token_class, keys) for token_class in unpriced_classes) or difference < -DUST:
        return ""
    if not keys and rated is None and not cost:
        return "a model that is listed without any price: free for the package, unpriced for us"
    if unpriced_classes == {"input_cache_write_1h"} and is_paid("input_cache_write_5m", keys):
        return "an hour of cache without a price: five minutes' for the package, none for us"
    return "a class without a price: free for the package, unpriced for us"


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, list[Verdict], float]:
    """The company, published, and the verdicts on its files; both made at the same time."""
    folder = tmp_path_factory.mktemp("million")
    (folder / "twinledger.toml").write_text(SETTINGS, encoding="utf-8")
    settings = load_settings(folder / "twinledger.toml")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as judges:
        parts = judges.map(partial(write_part, folder), range(ROWS // PART_ROWS))
        waiting = [judges.submit(judge, source, path) for source, path in parts]
        started = perf_counter()
        run(settings)
        seconds = perf_counter() - started
        return settings, [verdict.result() for verdict in waiting], seconds


def marts(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.publish / "marts.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_every_request_costs_what_genai_prices_says_or_a_rule_says_why(
    judged: tuple[Settings, list[Verdict], float], record_property: Callable[[str, Any], None]
) -> None:
    settings, verdicts, seconds = judged
    theirs: dict[Key, tuple[Decimal, int]] = {}
    for verdict in verdicts:
        for key, (cost, requests) in verdict.sums.items():
            former, counted = theirs.get(key, (Decimal(0), 0))
            theirs[key] = former + cost, counted + requests
    ours = {
        tuple(key): (cost, unpriced, requests)
        for *key, cost, unpriced, requests in marts(
            settings,
            f"select {KEY}, sum(rated_cost), count(*) filter (rated_cost is null), sum(requests) "
            "from cost_ledger.token_usage_daily group by all",
        )
    }
    unpriced_classes: dict[Key, set[str]] = defaultdict(set)
    for source, provider, model, tier, day, token_class in marts(
        settings,
        "select source_name, provider, model, service_tier, usage_date, token_class "
        "from cost_ledger.unpriced_usage",
    ):
        unit = token_class if token_class in UNITS else ""
        unpriced_classes[source, provider, model, tier, unit, day].add(token_class)

    counts: Counter[str] = Counter()
    amounts: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    unexplained = []
    for key, (cost, requests) in theirs.items():
        rated, unpriced, counted = ours.get(key, (None, 0, 0))
        assert counted == requests, key
        name = "equal to the last decimal"
        if unpriced or rated != cost:
            name = rule(key, unpriced_classes[key], cost, rated)
        if not name:
            unexplained.append((key, cost, rated, unpriced, unpriced_classes[key]))
        counts[name] += requests
        amounts[name][0] += cost
        amounts[name][1] += rated or 0
    unknown = sum(verdict.unknown for verdict in verdicts)
    told = [
        f"{name}: {counts[name]:,} requests, {one:,.6f} USD one by one, {other:,.6f} in sums"
        for name, (one, other) in amounts.items()
    ]
    told.append(f"unknown to both: {unknown:,} requests")
    alone = sum(verdict.seconds for verdict in verdicts)
    told.append(f"row by row {alone:.0f} s of processor time; the whole run {seconds:.0f} s")
    for line in told:
        record_property("told", line)
    assert unexplained == [], f"{len(unexplained)} keys, first: {unexplained[:20]}"
    assert sum(counts.values()) + unknown == ROWS
    assert counts["equal to the last decimal"] > 0.85 * ROWS
    # What the package does not know is not rated, and listed.
    alone_ours = set(ours) - set(theirs)
    assert {key[1:3] for key in alone_ours} == {UNKNOWN}
    assert all(ours[key][0] is None and unpriced_classes[key] for key in alone_ours)
    assert sum(ours[key][2] for key in alone_ours) == unknown
