"""Which forecasts are due, what they may know, and that their quantiles are usable."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from orchestration.forecasting.issue import (
    INSUFFICIENT,
    Due,
    _complete,
    _due,
    _table,
    horizon_days,
)
from orchestration.forecasting.model import forecast_series

VINTAGE = date(2026, 9, 1)
HORIZON = 61


def days_of(first: date, values: list[float]) -> dict[date, float]:
    return {first + timedelta(days=place): value for place, value in enumerate(values)}


WEEKLY = [100.0 + 30 * (place % 7 < 5) + place / 10 for place in range(100)]


def test_less_than_two_weeks_give_no_forecast() -> None:
    assert forecast_series(np.array(WEEKLY[:13]), VINTAGE, HORIZON) is None
    due, skipped = _due({"total": days_of(date(2026, 8, 1), WEEKLY[:13])}, set())
    assert (due, skipped) == ([], {"total": INSUFFICIENT})


def test_the_week_is_seen() -> None:
    found = forecast_series(np.array(WEEKLY), VINTAGE, 14)
    assert found is not None
    expected = [100.0 + 30 * (place % 7 < 5) + place / 10 for place in range(100, 114)]
    assert np.abs(np.array(found.p50, dtype=float) - expected).max() < 5


def test_a_single_outlier_does_not_move_the_forecast() -> None:
    calm = [100.0 + 30 * (place % 7 < 5) for place in range(100)]
    shaken = [*calm[:80], 90_000.0, *calm[81:]]
    one, other = (forecast_series(np.array(v), VINTAGE, HORIZON) for v in (calm, shaken))
    assert one is not None and other is not None
    worst = max(abs(a - b) for a, b in zip(one.p50, other.p50, strict=True))
    assert worst < 15


def test_a_line_billed_on_the_first_of_the_month_comes_again() -> None:
    first = VINTAGE - timedelta(days=100)
    days = [first + timedelta(days=place) for place in range(100)]
    values = [100.0 + 30 * (day.weekday() < 5) + 2_000 * (day.day == 1) for day in days]
    found = forecast_series(np.array(values), VINTAGE, HORIZON)
    assert found is not None
    firsts = [float(found.p50[0]), float(found.p50[30])]  # 1 September and 1 October
    assert all(2_050 < value < 2_200 for value in firsts)
    assert sum(value > 200 for value in found.p50) == 2


@pytest.mark.parametrize(
    "values",
    [
        [0.0] * 60,
        [5.0] * 60,
        [0.0] * 40 + [1_000_000.0] + [0.0] * 19,
        [0.0, 0.0, 7.0] * 20,
        [-3.0, 4.0] * 15,
        [1e-9] * 30,
        [1e12 + place for place in range(30)],
    ],
)
def test_odd_histories_give_numbers_in_order(values: list[float]) -> None:
    found = forecast_series(np.array(values), VINTAGE, HORIZON)
    assert found is not None
    for quantiles in zip(found.p10, found.p50, found.p80, found.p90, strict=True):
        assert list(quantiles) == sorted(quantiles)
        assert all(value.is_finite() for value in quantiles)
        assert min(values) < 0 or min(quantiles) >= 0


@hypothesis_settings(max_examples=30)
@given(st.lists(st.floats(0, 1e7), min_size=14, max_size=60))
def test_the_same_history_gives_the_same_forecast(values: list[float]) -> None:
    one, other = (forecast_series(np.array(values), VINTAGE, 40) for _ in range(2))
    assert one == other


def test_back_casts_are_due_at_month_starts_with_four_weeks_before() -> None:
    known = {"total": days_of(date(2026, 7, 10), WEEKLY)}  # through 2026-10-17
    due, _ = _due(known, {("total", date(2026, 9, 1))})
    assert due == [
        Due("total", date(2026, 10, 18), is_backcast=False),
        Due("total", date(2026, 10, 1), is_backcast=True),
    ]


def test_a_vintage_at_a_month_start_is_issued_once() -> None:
    known = {"total": days_of(date(2026, 8, 1), [1.0] * 31)}
    due, _ = _due(known, set())
    assert due == [Due("total", date(2026, 9, 1), is_backcast=False)]
    assert _due(known, {("total", date(2026, 9, 1))})[0] == []


def test_a_back_cast_knows_nothing_of_its_future() -> None:
    quiet = days_of(date(2026, 7, 1), [10.0 + place % 7 for place in range(100)])
    shaken = {day: cost * (1000 if day >= date(2026, 9, 1) else 1) for day, cost in quiet.items()}
    due = [Due("total", date(2026, 9, 1), is_backcast=True)]
    issued_at = np.datetime64("2026-10-10T00:00:00", "us").astype(object)
    tables = [_table(due, {"total": days}, issued_at, "USD") for days in (quiet, shaken)]
    assert tables[0].equals(tables[1])
    assert tables[0].num_rows == HORIZON


def test_today_is_not_complete_and_gaps_cost_nothing() -> None:
    days = {date(2026, 8, 1): 1.0, date(2026, 8, 4): 4.0, date(2026, 8, 5): 0.5}
    assert list(_complete(days, date(2026, 8, 5)).values()) == [1.0, 0.0, 0.0, 4.0]
    assert _complete({date(2026, 8, 5): 1.0}, date(2026, 8, 5)) == {}


def test_a_series_begins_with_its_first_cost() -> None:
    # A licence is bought on the first and costs from the fourth on: FOCUS' purchase has no cost.
    days = {date(2026, 7, 1): 0.0, date(2026, 7, 4): 4.0, date(2026, 7, 6): 6.0}
    assert _complete(days, date(2026, 8, 1)) == days_of(date(2026, 7, 4), [4.0, 0.0, 6.0])
    assert _complete({date(2026, 7, 1): 0.0}, date(2026, 8, 1)) == {date(2026, 7, 1): 0.0}


@pytest.mark.parametrize(
    ("vintage", "through"),
    [
        ("2026-11-01", "2026-12-31"),
        ("2026-11-30", "2026-12-31"),
        ("2026-12-01", "2027-01-31"),
        ("2026-12-31", "2027-01-31"),
        ("2024-01-15", "2024-02-29"),
    ],
)
def test_forecasts_reach_the_end_of_the_next_month(vintage: str, through: str) -> None:
    first = date.fromisoformat(vintage)
    last = first + timedelta(days=horizon_days(first) - 1)
    assert last == date.fromisoformat(through)


def test_quantiles_have_six_decimals() -> None:
    found = forecast_series(np.array(WEEKLY), VINTAGE, 3)
    assert found is not None
    assert all(value == value.quantize(Decimal("0.000001")) for value in found.p90)
