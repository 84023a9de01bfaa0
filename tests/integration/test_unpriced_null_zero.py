"""Unpriced, unknown and free are three things, in every mart that carries the money of tokens.

Guards the bug that all comparable tools have: a missing price becomes 0 and passes for a saving.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import pytest

from orchestration.pipeline import run
from orchestration.settings import Settings, load_settings
from tests.integration.price_lists import as_csv, prices
from tests.unit.landing.usage_logs import lines

SETTINGS = """
[[sources]]
name = "list"
type = "prices"
uri = "prices.csv"

[[sources]]
name = "calls"
type = "token_events"
uri = "calls.jsonl"
mapping = {started_at = "at", provider = "provider", model = "model", input_tokens = "input", output_tokens = "output", team = "team", unit = "unit", quantity = "quantity", service_tier = "tier"}
"""  # noqa: E501
PAID = Decimal("0.0038")
# Team → what its usage costs; each has a model of its own.
TEAMS: dict[str, Decimal | None] = {
    "paid": PAID,
    "free": Decimal(0),
    # Capacity that was bought apart: its tokens cost nothing by themselves, whoever prices them.
    "covered": Decimal(0),
    "unknown_model": None,
    # The list prices what goes in, not what comes out: a part would pass for the whole.
    "half_priced": None,
    # Pictures that no one counted.
    "uncounted": None,
}
MONEY = ("rated_cost", "rated_cost_as_known_now", "effective_cost", "list_cost", "cost")
MARTS = (
    "cost_ledger.token_usage_daily",
    "cost_ledger.charges",
    "allocation.cost_allocations",
    "allocation.costs_daily",
)


def call(team: str, **more: Any) -> dict[str, Any]:
    return {
        "at": "2026-09-10 10:00:00", "provider": "in-house", "model": f"model-{team}",
        "input": 1_000, "output": 200, "team": team, "unit": None, "quantity": None,
        "tier": None, **more,
    }  # fmt: skip


CALLS = [
    call("paid"),
    call("free"),
    call("covered", tier="provisioned"),
    call("unknown_model"),
    call("half_priced"),
    call("uncounted", input=0, output=0, unit="output_images"),
]
LIST = [
    *prices("in-house", "model-paid", {"input_uncached": "2", "output": "9"}),
    *prices("in-house", "model-free", {"input_uncached": "0", "output": "0"}),
    *prices("in-house", "model-half_priced", {"input_uncached": "2"}),
    *prices("in-house", "model-uncounted", {"output_images": "40000"}),
]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("prices")
    (folder / "twinledger.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "prices.csv").write_text(as_csv(LIST), encoding="utf-8")
    (folder / "calls.jsonl").write_text(lines(CALLS), encoding="utf-8")
    settings = load_settings(folder / "twinledger.toml")
    run(settings)
    return settings


def marts(settings: Settings, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.publish / "marts.duckdb"), read_only=True) as con:
        return con.execute(sql, values).fetchall()


def money_columns(company: Settings) -> list[tuple[str, str, str]]:
    """(table, column that tells the team, money column) of every mart; what landed is no mart."""
    found = marts(
        company,
        "select table_schema || '.' || table_name, list(column_name) "
        "from information_schema.columns where table_schema not in ('landing', 'staging') "
        "group by all order by all",
    )
    return [
        (table, "team" if "team" in columns else "sku_id", money)
        for table, columns in found
        for money in MONEY
        if money in columns and {"team", "sku_id"} & set(columns)
    ]


def test_every_mart_tells_free_from_unpriced(company: Settings) -> None:
    asked = money_columns(company)
    assert set(MARTS) <= {table for table, _, _ in asked}
    wrong = []
    for table, key, money in asked:
        for team, cost in TEAMS.items():
            rows = marts(
                company,
                f"select {money} from {table} where {key} = ?",
                team if key == "team" else f"model-{team}",
            )
            if not rows and table in MARTS:
                wrong.append((table, team, "has no row"))
            amounts = [row[0] for row in rows]
            known = [amount for amount in amounts if amount is not None]
            if rows and (sum(known) if known else None) != cost:
                wrong.append((table, team, f"{money} is {amounts}"))
    assert wrong == []


def test_what_is_unpriced_is_listed_with_its_tokens_and_the_reason(company: Settings) -> None:
    assert marts(
        company,
        "select model, token_class, unpriced_reason, quantity "
        "from cost_ledger.unpriced_usage order by all",
    ) == [
        ("model-half_priced", "output_visible", "no_price_for_class", 200),
        ("model-uncounted", "output_images", "quantity_unknown", None),
        ("model-unknown_model", "input_uncached", "unknown_model", 1_000),
        ("model-unknown_model", "output_visible", "unknown_model", 200),
    ]


def test_unpriced_tokens_are_counted_beside_the_cost(company: Settings) -> None:
    assert dict(
        marts(company, "select team, unpriced_tokens from cost_ledger.token_usage_daily")
    ) == {
        "paid": 0, "free": 0, "covered": 0, "unknown_model": 1_200, "half_priced": 200,
        "uncounted": 0,
    }  # fmt: skip


def test_completeness_says_how_much_of_the_cost_is_known(company: Settings) -> None:
    ((cost, units, completeness),) = marts(
        company,
        "select cost, units, completeness from unit_economics.unit_costs "
        "where metric = 'cost_per_1m_tokens' and entity_type = 'all'",
    )
    # Three of six allocations are known; the cost is theirs alone.
    assert (cost, completeness) == (PAID, Decimal("0.5"))
    assert units == Decimal("0.006")
    by_team = marts(
        company,
        "select entity, cost, unit_cost, completeness from unit_economics.unit_costs "
        "where metric = 'cost_per_1m_tokens' and entity_type = 'team'",
    )
    for team, cost, unit_cost, completeness in by_team:
        assert cost == TEAMS[team]
        if TEAMS[team] is None:
            assert (unit_cost, completeness) == (None, 0)
        else:
            assert completeness == 1


def test_the_share_without_a_price_is_a_kpi(company: Settings) -> None:
    ((value,),) = marts(
        company,
        "select value from governance.kpi_values where kpi = 'unpriced_share' and scope = 'total'",
    )
    assert value == pytest.approx(1_400 / 6_000)
