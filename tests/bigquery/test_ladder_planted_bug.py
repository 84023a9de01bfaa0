"""The bug that the ladder was built for: NUMERIC / INT64 is a NUMERIC of 9 decimals on BigQuery and
a DOUBLE on DuckDB, so that a unit price loses its digits. Both results are cast to floats: no type
tells them apart, only the rows do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pytest

from tests.bigquery.compare import Marts, Relation, differences
from tests.bigquery.readers import bigquery_relation, duckdb_relation
from tests.bigquery.twins import Twins, tell

pytestmark = pytest.mark.slow

NAME = "cost_ledger.unit_prices"
PRICES = (
    "(select provider, model, {price} as unit_price from {usage} where rated_cost > 0"
    " group by provider, model)"
)
PLANTED = "cast(cast(sum(rated_cost) as {numeric}) / sum(total_tokens) as {float})"
# The price of a million tokens: a product, not a quotient, is exact on both.
RIGHT = "cast(sum(rated_cost) * 1000000 as {money})"
DUCKDB = {
    "numeric": "decimal(38, 9)", "float": "double", "money": "decimal(38, 18)",
    "usage": "cost_ledger.token_usage_daily",
}  # fmt: skip
BIGQUERY = {
    "numeric": "numeric", "float": "float64", "money": "bignumeric",
    "usage": "build_cost_ledger.token_usage_daily",
}  # fmt: skip


@pytest.fixture(scope="module")
def twins(fresh: Twins, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    with fresh.copy(tmp_path_factory.mktemp("planted") / "twins") as copy:
        yield copy


def both(twins: Twins, price: str) -> tuple[Marts, Marts]:
    """The same model text, with each engine's words for the types."""
    sql = PRICES.replace("{price}", price)
    with duckdb.connect(str(twins.duckdb / "build.duckdb"), read_only=True) as con:
        one = duckdb_relation(con, sql.format(**DUCKDB))
    other = bigquery_relation(twins.server.client(), sql.format(**BIGQUERY))
    return Marts("DuckDB", {NAME: one}), Marts("BigQuery", {NAME: other})


def test_the_comparison_catches_a_planted_unit_price_bug(twins: Twins) -> None:
    one, other = both(twins, PLANTED)
    (text,) = differences(one, other)
    assert "unit_price" in text
    tell(f"planted: {text}")


def test_without_the_bug_both_engines_agree(twins: Twins) -> None:
    one, other = both(twins, RIGHT)
    assert len(one.relations[NAME].rows) > 3
    assert not differences(one, other)


def test_such_a_unit_price_in_the_published_marts_is_told_by_relation_and_column(
    twins: Twins,
) -> None:
    one, other = twins.marts()
    name, column = "unit_economics.unit_costs", "unit_cost"
    units = other.relations[name]
    at = [named for named, _ in units.columns].index(column)
    rows = tuple((*row[:at], _nine_decimals(row[at]), *row[at + 1 :]) for row in units.rows)
    planted = {**other.relations, name: Relation(units.columns, rows)}
    (text,) = differences(one, replace(other, relations=planted))
    assert text.startswith(name) and f"{column}: " in text


def _nine_decimals(price: float | None) -> float | None:
    return None if price is None else round(price, 9)
