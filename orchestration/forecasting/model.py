"""The statistical part: a series of days in, quantiles of days out. No I/O, no clock, no chance."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEASON_DAYS = 7
MIN_SEASONS = 2
HISTORY_DAYS = 730
"""Two years: longer histories cost time and tell of another company."""

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


def forecast_series(values: NDArray[np.float64], horizon: int) -> Forecast | None:
    """Forecast the days after `values`.

    Args:
        values: one cost a day without gaps, oldest first, shape (days,).
        horizon: how many days.

    Returns:
        None with less than two weeks of history. A history that the model cannot fit (all equal,
        for one) is forecast by its last week.
    """
    known = np.asarray(values, dtype=np.float64)[-HISTORY_DAYS:]
    if len(known) < MIN_SEASONS * SEASON_DAYS:
        return None
    method, quantiles = _fit(known, horizon)
    if (known >= 0).all():
        # Costs that never were negative (no credits) will not be.
        quantiles = np.maximum(quantiles, 0.0)
    ordered = np.sort(quantiles, axis=0)
    return Forecast(method, *([_money(value) for value in row] for row in ordered))


def _fit(known: NDArray[np.float64], horizon: int) -> tuple[str, NDArray[np.float64]]:
    """(method, quantiles of shape (4, horizon))."""
    from statsforecast.models import AutoETS, SeasonalNaive

    # 60 % and 80 % intervals: their upper ends are p80 and p90.
    candidates = (
        ("auto_ets", AutoETS(season_length=SEASON_DAYS)),
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
