"""Closed months: figures that a later price snapshot no longer moves.

A close is a row of the landed dataset `closes`, never changed: opening a month again adds one more,
and the last one stands. What a close does to prices stands in `models/cost_ledger`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from orchestration.errors import RefusedError, SettingsError
from orchestration.locks import writer_lock

if TYPE_CHECKING:
    from orchestration.settings import Settings

DATASET = "closes"


@dataclass(frozen=True)
class Close:
    """What was last done to a month; times are UTC."""

    period: str
    closed_at: datetime
    is_closed: bool


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
        RefusedError: the month is not over, or was never closed.
        LockedError: another writer is at work.
    """
    month = month_of(period)
    now = datetime.now(UTC).replace(tzinfo=None)
    if (month.year, month.month) >= (now.year, now.month):
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
        _land(settings, {"period": period, "closed_at": now, "is_closed": is_closed, "note": note})
    return None


def closes_of(settings: Settings) -> dict[str, Close]:
    """What was last done to each month that was ever closed."""
    import pyarrow.parquet as pq

    from orchestration.landing.lake import Lake

    lake = Lake(settings)
    columns = ["period", "closed_at", "is_closed"]
    acts = [
        Close(**row)
        for load in lake.of_source(DATASET)
        for file in load.files
        if load.dataset == DATASET and file.part is not None
        for row in pq.read_table(lake.local(file.part), columns=columns).to_pylist()
    ]
    # As int_closed_months has it.
    return {act.period: act for act in sorted(acts, key=lambda act: act.closed_at)}


def _land(settings: Settings, row: dict[str, Any]) -> None:
    import pyarrow as pa

    from orchestration.landing.lake import land_table

    schema = pa.schema(
        [
            ("period", pa.string()),
            ("closed_at", pa.timestamp("us")),
            ("is_closed", pa.bool_()),
            ("note", pa.string()),
        ]
    )
    table = pa.Table.from_pylist([row], schema=schema)
    land_table(settings, DATASET, DATASET, table, f"{row['period']} {row['closed_at'].isoformat()}")
