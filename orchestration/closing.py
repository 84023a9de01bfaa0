"""Closed months: their bills and prices stay as they were known when they were closed.

A close is a row of the landed dataset `closes`, never changed: opening a month again adds one more,
and the last one stands. What a close does to bills stands in `landing.booking`, what it does to
prices in `models/cost_ledger`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from orchestration.errors import RefusedError, SettingsError
from orchestration.landing.booking import (
    CLOSES,
    Close,
    acts_of,
    bill_loads,
    bill_states,
    bookings_of,
)
from orchestration.landing.lake import Lake, land_table
from orchestration.locks import writer_lock

if TYPE_CHECKING:
    from orchestration.settings import Settings


def month_of(text: str) -> date:
    """First day of a month written as YYYY-MM.

    Raises:
        SettingsError: it is no month.
    """
    if re.fullmatch(r"\d{4}-\d{2}", text):
        try:
            return date.fromisoformat(f"{text}-01")
        except ValueError:
            pass
    raise SettingsError(f"'{text}' is no month", "write it as 2026-10")


def close_month(
    settings: Settings, period: str, *, is_closed: bool = True, note: str | None = None
) -> Close | None:
    """Close a month, or open it again.

    Args:
        period: YYYY-MM.
        is_closed: False opens it.
        note: why, kept with the close.

    Returns:
        What stood already, so that nothing was done; None where it was done.

    Raises:
        SettingsError: it is no month.
        RefusedError: the month is not over, was never closed, or has adjustments in a month that is
            closed itself.
        LockedError: another writer is at work.
    """
    month, today = month_of(period), datetime.now(UTC)
    if (month.year, month.month) >= (today.year, today.month):
        raise RefusedError(
            f"{period} is not over", next_step="close it when its last usage and bills have landed"
        )
    with writer_lock(settings, "close"):
        former = closes_of(settings).get(period)
        if former is None and not is_closed:
            raise RefusedError(
                f"{period} was never closed", next_step="only a closed month can be opened again"
            )
        if former is not None and former.is_closed == is_closed:
            return former
        if not is_closed:
            _refuse_to_move_closed_months(settings, period)
        # Within the lock: what another writer landed before it is part of what is closed.
        now = datetime.now(UTC).replace(tzinfo=None)
        _land(settings, {"period": period, "closed_at": now, "is_closed": is_closed, "note": note})
    return None


def _refuse_to_move_closed_months(settings: Settings, period: str) -> None:
    """Opened, a month takes its adjustments back: not from a month that is closed itself."""
    lake = Lake(settings)
    acts = acts_of(lake)
    closed = {period for period, act in _last(acts).items() if act.is_closed}
    of_period = [booking for booking in bookings_of(acts) if booking.period == period]
    for source in settings.sources:
        for state in bill_states(bill_loads(lake.of_source(source.name)), of_period):
            if state.booked_in in closed:
                raise RefusedError(
                    f"{state.booked_in} is closed and holds adjustments of {period} "
                    f"(source '{source.name}')",
                    next_step=f"open it first: twinledger close {state.booked_in} --reopen",
                )


def closes_of(settings: Settings) -> dict[str, Close]:
    """What was last done to each month that was ever closed."""
    return _last(acts_of(Lake(settings)))


def _last(acts: Sequence[Close]) -> dict[str, Close]:
    return {act.period: act for act in acts}


def _land(settings: Settings, row: dict[str, Any]) -> None:
    import pyarrow as pa

    schema = pa.schema(
        [
            ("period", pa.string()),
            ("closed_at", pa.timestamp("us")),
            ("is_closed", pa.bool_()),
            ("note", pa.string()),
        ]
    )
    table = pa.Table.from_pylist([row], schema=schema)
    land_table(settings, CLOSES, CLOSES, table, f"{row['period']} {row['closed_at'].isoformat()}")
