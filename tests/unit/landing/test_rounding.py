"""Cost columns that a vendor rounded are named, with an example, and nothing else is."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.landing.datasets import FOCUS, TOKEN_EVENTS
from orchestration.landing.rounding import rounding_columns


def told(rows: list[tuple[str | None, str | None]]) -> list[str | None]:
    """What is said of (BilledCost, EffectiveCost), row by row."""
    values = ", ".join(
        f"({place}, {billed or 'null'}::decimal(38, 18), {effective or 'null'}::decimal(38, 18))"
        for place, (billed, effective) in enumerate(rows)
    )
    expression = rounding_columns(FOCUS)["EffectiveCost_rounding"]
    found = duckdb.sql(
        f"select {expression} from (values {values}) as lines(place, BilledCost, EffectiveCost)"
        " order by place"
    )
    return [row[0] for row in found.fetchall()]


def test_whole_dollars_beside_exact_costs_are_told_row_by_row() -> None:
    assert told([("1.624", "2"), ("0.008", "0"), ("0.125", "0.125"), ("3.50", "4")]) == [
        "2.0 for 1.624",
        "0.0 for 0.008",
        "exact",
        None,  # A cost of whole cents cannot tell.
    ]


@pytest.mark.parametrize("cents", ["0.12", "0.13"])
def test_cents_and_tenths_are_roundings_too(cents: str) -> None:
    exact = "0.1234" if cents == "0.12" else "0.125"
    assert told([(exact, cents)]) == [f"{cents} for {exact}"]
    assert told([("7.4444", "7.4")]) == ["7.4 for 7.4444"]


def test_a_column_that_is_always_nothing_is_not_rounded() -> None:
    # Oracle's EffectiveCost is 0 throughout: not told, which is something else.
    assert told([("0.012", "0"), ("0.192", "0")]) == ["exact", "exact"]


def test_a_discount_is_no_rounding_and_what_is_unknown_says_nothing() -> None:
    assert told([("1.624", "1.5"), ("1.624", None), (None, "2")]) == ["exact", None, None]


def test_only_bills_have_costs_beside_the_billed_one() -> None:
    assert rounding_columns(TOKEN_EVENTS) == {}
