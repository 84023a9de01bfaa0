"""The statistical part: a series of days in, quantiles of days out. No I/O, no clock, no chance.

Exponential smoothing with an additive week and no trend: measured against its rivals (with trend,
damped, theta, the same week again) on real and sample bills it had the smallest error a month
ahead, since a trend seen in four weeks seldom lasts another eight.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Days = NDArray[np.float64]

SEASON_DAYS = 7
MIN_SEASONS = 2
HISTORY_DAYS = 730
"""Two years: longer histories cost time and tell of another company."""

OUTLIER_MADS = 5.0
"""How far from its level and weekday a day is no ordinary day; 3 takes busy days for outliers."""
MAX_OUTLIER_SHARE = 0.05
"""More outliers than that are the nature of the series: nothing is set aside."""

QUANTUM = Decimal("0.000001")


@dataclass(frozen=True)
class Forecast:
    """Quantiles of the coming days, ascending in each day.

    Attributes:
        method: the model that made them.
        p10, p50, p80, p90: one value a day, in the series' currency.
    """

    method: str
    p10: list[Decimal]
    p50: list[Decimal]
    p80: list[Decimal]
    p90: list[Decimal]


def forecast_series(values: Days, vintage: date, horizon: int) -> Forecast | None:
    """Forecast the days from `vintage` on.

    Args:
        values: one cost a day without gaps, through the day before the vintage, shape (days,).
        vintage: the first day that is not known.
        horizon: how many days.

    Returns:
        None with less than two weeks of history. A history that the model cannot fit is forecast
        by its last week.
    """
    known = np.asarray(values, dtype=np.float64)[-HISTORY_DAYS:]
    if len(known) < MIN_SEASONS * SEASON_DAYS:
        return None
    surplus = _surplus(known)
    method, quantiles = _fit(known - surplus, horizon)
    quantiles = quantiles + _monthly(surplus, vintage, horizon)
    if (known >= 0).all():
        # Costs that never were negative (no credits) will not be.
        quantiles = np.maximum(quantiles, 0.0)
    ordered = np.sort(quantiles, axis=0)
    return Forecast(method, *([_money(value) for value in row] for row in ordered))


def _surplus(known: Days) -> Days:
    """What outliers have over an ordinary such day; zero on ordinary days."""
    import pandas as pd

    series = pd.Series(known)
    level = series.rolling(15, center=True, min_periods=5).median()
    weekday = np.arange(len(known)) % SEASON_DAYS
    ordinary = level + (series - level).groupby(weekday).transform("median")
    distance = (series - ordinary).abs()
    spread = 1.4826 * distance.rolling(29, center=True, min_periods=8).median()
    # A quiet series has no spread: a fiftieth of its level is its noise.
    limit = OUTLIER_MADS * np.maximum(spread, 0.02 * level.abs() + 1e-9)
    is_outlier = (distance > limit).to_numpy()
    if is_outlier.mean() > MAX_OUTLIER_SHARE:
        return np.zeros_like(known)
    return np.where(is_outlier, (series - ordinary).to_numpy(), 0.0)


def _monthly(surplus: Days, vintage: date, horizon: int) -> Days:
    """What comes again: a surplus that fell on the same day of the last two months, such as a
    subscription billed on the first."""
    by_day: dict[int, list[float]] = {}
    for place, amount in enumerate(surplus):
        day = vintage - timedelta(days=len(surplus) - place)
        by_day.setdefault(day.day, []).append(float(amount))
    coming = np.zeros(horizon)
    for ahead in range(horizon):
        last = by_day.get((vintage + timedelta(days=ahead)).day, [])[-2:]
        if len(last) == 2 and last[0] * last[1] > 0:
            coming[ahead] = last[1]
    return coming


def _fit(known: Days, horizon: int) -> tuple[str, NDArray[np.float64]]:
    """(method, quantiles of shape (4, horizon))."""
    from statsforecast.models import AutoETS, SeasonalNaive

    # 60 % and 80 % intervals: their upper ends are p80 and p90.
    candidates = (
        ("ets_weekly", AutoETS(season_length=SEASON_DAYS, model="ANA")),
        ("seasonal_naive", SeasonalNaive(season_length=SEASON_DAYS)),
    )
    for method, model in candidates:
        try:
            found = model.forecast(y=known, h=horizon, level=[60, 80])
        except Exception:  # the libraries below raise anything on odd series
            continue
        quantiles = np.array([found[key] for key in ("lo-80", "mean", "hi-60", "hi-80")])
        if np.isfinite(quantiles).all():
            return method, quantiles
    week = np.resize(known[-SEASON_DAYS:], horizon)
    return "last_week", np.array([week] * 4)


def _money(value: float) -> Decimal:
    # Six decimals: what the last bits of a float say differs between machines.
    return Decimal(repr(float(value))).quantize(QUANTUM)
