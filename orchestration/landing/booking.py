"""Closed months: what stood when they were closed, and where later differences are booked.

A month that was closed keeps the bill that stood then. What arrives later is booked in the first
month after it that is open at the arrival; that month may be closed in turn, and what arrives later
still goes to the next. So a closed month has states: the one at its closing, and one for each month
that a difference was booked in, the newest delivery last. Only the time of the acts and of the
deliveries decides, so that what was booked once is booked for good.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from orchestration.landing.datasets import DATASETS
from orchestration.landing.lake import Lake, Manifest, Standing, standing

if TYPE_CHECKING:
    from collections.abc import Sequence

CLOSES = "closes"
"""The internal dataset of all closings and reopenings, and the scope under which it is landed."""


@dataclass(frozen=True)
class Close:
    """What was done to a month; times are UTC."""

    period: str
    closed_at: datetime
    is_closed: bool

    @property
    def at(self) -> str:
        """The time as the lake writes times."""
        return self.closed_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True)
class Booking:
    """What arrives for a closed month in (since, until] is booked in another one.

    Attributes:
        period, booked_in: months, YYYY-MM.
        since, until: ISO times (UTC); the first booking begins at the closing, the last has no end.
    """

    period: str
    closed_at: str
    since: str
    until: str | None
    booked_in: str


@dataclass(frozen=True)
class BillState:
    """A source's bill of a closed month as it once stood, or as it stands now.

    Attributes:
        number: 0 at the closing; the highest is the newest.
        booked_in: the month that bears the difference from the state before; None for the first.
    """

    source_name: str
    period: str
    number: int
    booked_in: str | None
    standing: Standing


def acts_of(lake: Lake, as_of: str | None = None) -> list[Close]:
    """All closings and reopenings, in order.

    Args:
        as_of: ISO time (UTC); later acts are not seen.
    """
    import pyarrow.parquet as pq

    columns = ["period", "closed_at", "is_closed"]
    found = [
        Close(**row)
        for load in lake.of_source(CLOSES, as_of=as_of)
        for file in load.files
        if load.dataset == CLOSES and file.part is not None
        for row in pq.read_table(lake.local(file.part), columns=columns).to_pylist()
    ]
    # As int_closed_months has it.
    return sorted(found, key=lambda act: act.closed_at)


def bookings_of(acts: Sequence[Close]) -> list[Booking]:
    """Where differences of the months that are closed now are booked, by month and time."""
    last = {act.period: act for act in acts}
    found: list[Booking] = []
    for period, closing in sorted(last.items()):
        if not closing.is_closed:
            continue
        closed: set[str] = set()
        since = booked_in = ""
        for act in acts:
            (closed.add if act.is_closed else closed.discard)(act.period)
            if act.at < closing.at:
                continue
            target = _first_open(period, closed)
            if target != booked_in:
                if booked_in:
                    found.append(Booking(period, closing.at, since, act.at, booked_in))
                since, booked_in = act.at, target
        found.append(Booking(period, closing.at, since, None, booked_in))
    return found


def _first_open(period: str, closed: set[str]) -> str:
    """The first month after it that is not closed. A month is closed when it is over, so that it is
    never later than the month in which this is asked."""
    year, month = int(period[:4]), int(period[5:])
    while True:
        year, month = year + month // 12, month % 12 + 1
        if (found := f"{year:04d}-{month:02d}") not in closed:
            return found


def bill_states(loads: list[Manifest], bookings: Iterable[Booking]) -> list[BillState]:
    """The states of one source's closed months to which something came later; mostly none.

    Args:
        loads: the source's loads in sequence, as known at the time that is built.
        bookings: of one or more closed months, by month and time.
    """
    states: dict[str, list[BillState]] = {}
    for booking in bookings:
        if all(load.loaded_at <= booking.closed_at for load in loads):
            continue
        of_month = states.setdefault(booking.period, [])
        if not of_month:
            first = _month_of(loads, booking.period, booking.closed_at)
            of_month.append(BillState(loads[0].source_name, booking.period, 0, None, first))
        stands = _month_of(loads, booking.period, booking.until)
        if stands.periods_of != of_month[-1].standing.periods_of:
            of_month.append(
                BillState(
                    loads[0].source_name, booking.period, len(of_month), booking.booked_in, stands
                )
            )
    return [state for found in states.values() if len(found) > 1 for state in found]


def bill_loads(loads: Iterable[Manifest]) -> list[Manifest]:
    """Those of bills: usage that arrives late still counts in its month."""
    return [load for load in loads if DATASETS[load.dataset].is_bill]


def _month_of(loads: list[Manifest], period: str, until: str | None) -> Standing:
    """What stood of a month at a time."""
    known = [load for load in loads if until is None or load.loaded_at <= until]
    stands = standing(known)
    return Standing(
        tuple(grain for grain in stands.grains if grain.period == period),
        {
            load_id: frozenset({period})
            for load_id, periods in stands.periods_of.items()
            if period in periods
        },
    )


def without_states(stands: Standing, states: Iterable[BillState]) -> Standing:
    """What stands of a source apart from the closed months that have states."""
    apart = {state.period for state in states}
    return Standing(
        tuple(grain for grain in stands.grains if grain.period not in apart),
        {load_id: periods - apart for load_id, periods in stands.periods_of.items()},
    )
