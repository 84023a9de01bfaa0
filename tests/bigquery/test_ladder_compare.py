"""The comparison itself: it must see every kind of difference, however small."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.bigquery.compare import LEFT_OUT, Marts, Relation, differences
from tests.bigquery.readers import read_golden, write_golden

COLUMNS = (
    ("id", "text"),
    ("cost", "money"),
    ("share", "float"),
    ("charge_date", "date"),
    ("seen_at", "timestamp"),
)
DAY, MOMENT = date(2026, 10, 1), datetime(2026, 10, 1, 6, 30)
ROWS: tuple[tuple[Any, ...], ...] = (
    ("a", Decimal("1.000000000000000001"), 0.1, DAY, MOMENT),
    ("b", Decimal("2.5"), float("nan"), DAY, None),
    ("b", Decimal("2.5"), float("nan"), DAY, None),
    (None, None, -0.0, None, None),
)
COSTS = "allocation.costs"


def marts(*rows: tuple[Any, ...], columns: tuple[tuple[str, str], ...] = COLUMNS) -> Marts:
    return Marts("DuckDB", {COSTS: Relation(columns, rows)})


def changed(row: int, column: int, value: Any) -> Marts:
    rows = [list(values) for values in ROWS]
    rows[row][column] = value
    return marts(*map(tuple, rows))


def test_equal_marts_have_no_difference_whatever_the_order_and_the_engine_s_types() -> None:
    aware = MOMENT.replace(tzinfo=UTC)
    other = [(*ROWS[0][:4], aware), *ROWS[1:]]
    other[0] = ("a", Decimal("1.00000000000000000100"), *other[0][2:])
    assert differences(marts(*ROWS), marts(*reversed(other))) == []


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (changed(0, 1, Decimal("1.000000000000000002")), "cost: Decimal('1.000000000000000001') →"),
        (changed(0, 2, 0.1 + 2e-17), "share: '0.1' → '0.10000000000000002'"),
        (changed(3, 2, 0.0), "share: '-0.0' → '0.0'"),
        (changed(0, 0, "A"), "id: 'a' → 'A'"),
        (changed(1, 4, MOMENT), "seen_at: None → "),
        (changed(3, 0, ""), "id: None → ''"),
        (marts(*ROWS[:-1]), "1 missing, 0 surplus"),
        (marts(*ROWS[:-2], ROWS[3]), "4 → 3 rows; 1 missing"),
        (marts(*ROWS, ROWS[1]), "0 missing, 1 surplus\n  surplus id=b, cost=2.5"),
        (marts(*ROWS, columns=(*COLUMNS[:1], ("cost", "float"), *COLUMNS[2:])), "column 2 is cost"),
        (marts(*ROWS, columns=(*COLUMNS[:3], *COLUMNS[:2:-1])), "column 4 is charge_date"),
        (marts(*ROWS, columns=COLUMNS[:4]), "column 5 is seen_at (timestamp) → nothing"),
        (Marts("BigQuery", {}), "only on DuckDB"),
        (Marts("BigQuery", {COSTS: Relation(COLUMNS, ROWS), "x.y": Relation((), ())}), "x.y: only"),
    ],
)
def test_every_kind_of_difference_is_told(other: Marts, told: str) -> None:
    (text,) = differences(marts(*ROWS), other)
    assert told in text


def test_only_what_is_listed_with_a_reason_is_left_out() -> None:
    assert all(rule.reason for rule in LEFT_OUT)
    columns = (("dataset", "text"), ("load_id", "text"), ("loaded_at", "timestamp"))

    def loads(*rows: tuple[Any, ...]) -> Marts:
        return Marts("DuckDB", {"landing.loads": Relation(columns, rows)})

    one = loads(("forecasts", "forecasts-000001-aa", MOMENT), ("units", "units-000001-aa", MOMENT))
    other = loads(("forecasts", "forecasts-000001-bb", DAY), ("units", "units-000001-aa", DAY))
    assert differences(one, other) == []
    # The same column in any other row, and whether there is a value at all, is compared.
    assert differences(one, loads(*one.relations["landing.loads"].rows[:1], ("units", "u-2", DAY)))
    assert differences(one, loads(("forecasts", "f", None), ("units", "units-000001-aa", MOMENT)))
    assert differences(one, replace(one, relations={"cost_ledger.x": Relation(columns, ())}))


def test_golden_files_give_back_the_rows_without_the_clock(tmp_path: Path) -> None:
    loads = Relation((("load_id", "text"), ("loaded_at", "timestamp")), (("a", MOMENT),))
    written = Marts("BigQuery", {COSTS: Relation(COLUMNS, ROWS), "landing.loads": loads})
    write_golden(written, tmp_path)
    read = read_golden(tmp_path)
    assert differences(read, written) == []
    assert "2026-10-01T06" not in (tmp_path / "landing.loads.jsonl").read_text()
