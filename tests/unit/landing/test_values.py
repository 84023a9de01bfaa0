"""How text becomes money and time: the formats that real exports hold, and what is refused."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.landing.datasets import MONEY, TIME
from orchestration.landing.expressions import typed
from orchestration.landing.readers import literal
from orchestration.settings import SourceSettings

SOURCE = SourceSettings(name="bill", type="cost_lines", uri="x.csv")


def read(text: str, sql_type: str, source: SourceSettings = SOURCE) -> object:
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    row = con.execute(f"select {typed(literal(text), sql_type, source)}").fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1.624", "1.624"),
        ("5.2E-9", "0.0000000052"),
        ("$10,000.00 ", "10000.00"),
        ("-$1,234,567.5", "-1234567.5"),
        ("€ 12.50", "12.50"),
        ("-0.000000000000000001", "-0.000000000000000001"),
        (" 42 ", "42"),
    ],
)
def test_money_is_read_exactly(text: str, amount: str) -> None:
    assert read(text, MONEY) == Decimal(amount)


@pytest.mark.parametrize(
    "text", ["1,5", "1.234,56", "12,34,567", "NaN", "inf", "abc", "1e30", "--5"]
)
def test_what_is_no_amount_is_not_guessed(text: str) -> None:
    assert read(text, MONEY) is None


@given(st.decimals(min_value=-(10**15), max_value=10**15, places=18, allow_nan=False))
def test_every_decimal_of_eighteen_places_survives(amount: Decimal) -> None:
    assert read(f"{amount:f}", MONEY) == amount


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-09-01 01:00:00", datetime(2024, 9, 1, 1)),
        ("2023-01-01T02:00:00+02:00", datetime(2023, 1, 1)),
        ("2023-01-01T00:00:00Z", datetime(2023, 1, 1)),
        ("2023-11-13T10:00Z", datetime(2023, 11, 13, 10)),
        ("5/1/25", datetime(2025, 5, 1)),
        ("9/2/2023", datetime(2023, 9, 2)),
        ("2023-11-16 18:17:03.9799600", datetime(2023, 11, 16, 18, 17, 3, 979960)),
    ],
)
def test_times_are_read_in_utc(text: str, time: datetime) -> None:
    assert read(text, TIME) == time


def test_an_impossible_time_is_not_bent_into_a_possible_one() -> None:
    assert read("2023-02-01T30:00:00Z", TIME) is None


def test_local_times_are_moved_to_utc_across_the_change_of_clocks() -> None:
    berlin = SOURCE.model_copy(update={"timezone": "Europe/Berlin"})
    assert read("2026-03-29 01:30:00", TIME, berlin) == datetime(2026, 3, 29, 0, 30)
    assert read("2026-03-29 03:30:00", TIME, berlin) == datetime(2026, 3, 29, 1, 30)


def test_relative_times_count_from_the_epoch_of_the_settings() -> None:
    trace = SOURCE.model_copy(update={"time_unit": "s", "epoch": "2023-01-01"})
    assert read("475.00000000000006", TIME, trace) == datetime(2023, 1, 1, 0, 7, 55)
