"""No public table adds one currency to another; without a rate an amount is unknown and told.

The sample company is billed in US dollars, in euros (with rates) and in reais (without).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

REPORTING = {
    "allocation.cost_allocations", "allocation.costs_daily", "allocation.tag_coverage_daily",
    "planning.forecast_accuracy", "governance.kpi_values",
}  # fmt: skip
"""All amounts of these are in the reporting currency, as their descriptions say."""
NOT_MONEY = ("quantity", "tokens", "hours", "rate", "share", "units")


@pytest.fixture(scope="module")
def marts(sample_workspace: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    file = sample_workspace / "published" / "marts.duckdb"
    with duckdb.connect(str(file), read_only=True) as con:
        yield con


def columns_of(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Published table → column → type; what landed is as its source wrote it."""
    found: dict[str, dict[str, str]] = {}
    for schema, table, column, kind in con.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where not internal and schema_name <> 'landing'"
    ).fetchall():
        found.setdefault(f"{schema}.{table}", {})[column] = kind
    return found


def test_money_stands_beside_its_currency(marts: duckdb.DuckDBPyConnection) -> None:
    without = {
        table
        for table, columns in columns_of(marts).items()
        if any(
            kind == "DECIMAL(38,18)" and not any(word in name for word in NOT_MONEY)
            for name, kind in columns.items()
        )
        and not {"currency", "billing_currency"} & set(columns)
    }
    assert without == REPORTING


def test_amounts_of_a_provider_stay_in_its_currencies(marts: duckdb.DuckDBPyConnection) -> None:
    """An amount under another currency than its bill's was added to what it must not be."""
    billed = set(
        marts.execute(
            "select service_provider_name, billing_currency from cost_ledger.charges"
        ).fetchall()
    )
    assert {("Microsoft", "EUR"), ("Microsoft", "BRL"), ("AWS", "USD")} <= billed
    assert ("AWS", "EUR") not in billed
    checked = []
    for table, columns in columns_of(marts).items():
        if table.startswith("cost_ledger.") and {"provider", "currency"} <= set(columns):
            shown = set(
                marts.execute(
                    f"select provider, currency from {table} where currency is not null "
                    "and provider in ('AWS', 'Microsoft')"
                ).fetchall()
            )
            assert shown <= billed, table
            checked += [table] if shown else []
    assert {
        "cost_ledger.pricing_models_daily", "cost_ledger.commitments",
        "cost_ledger.commitments_monthly", "cost_ledger.commitment_coverage_monthly",
    } <= set(checked)  # fmt: skip


def test_currencies_of_the_coverage_add_up_apart(marts: duckdb.DuckDBPyConnection) -> None:
    """Microsoft is billed in two currencies: usage of either is counted in its own rows."""
    counted = (
        "select currency, sum(charges) from cost_ledger.commitment_coverage_monthly "
        "where provider = 'Microsoft' group by all order by all"
    )
    lines = (
        "select billing_currency, count(*) from cost_ledger.charges "
        "where service_provider_name = 'Microsoft' and charge_category = 'Usage' "
        "and evidence_level = 'billed' group by all order by all"
    )
    found = marts.execute(counted).fetchall()
    assert found == marts.execute(lines).fetchall()
    assert [row[0] for row in found] == ["BRL", "EUR"]


def test_what_has_no_rate_is_unknown_and_counted(marts: duckdb.DuckDBPyConnection) -> None:
    known, unknown, wrong = marts.execute(
        "select sum(cost), count(*) filter (not has_exchange_rate), "
        "count(*) filter (not has_exchange_rate and cost is not null) from cost_ledger.charges"
    ).fetchall()[0]
    assert unknown > 0 and wrong == 0
    total, untold = marts.execute(
        "select sum(cost), count(*) filter (cost is null) from allocation.costs_daily"
    ).fetchall()[0]
    assert total == known
    assert untold > 0
