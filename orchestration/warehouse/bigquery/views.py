"""SQL of the landing views: exactly the rows that stand, each record once.

The meaning is that of `orchestration.landing.views`. The text does not grow with the deliveries:
which loads supply which periods stands in a small table that the views join.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from orchestration.landing.datasets import BIGINT, BOOKING_COLUMNS, DATE, Dataset
from orchestration.landing.quarantine import QUARANTINED_COLUMNS
from orchestration.landing.records import Landed, Record, dirty_periods
from orchestration.landing.views import booked_rows, ended_column, with_next
from orchestration.warehouse.bigquery.client import TYPES
from orchestration.warehouse.bigquery.lake_tables import quarantine_table
from orchestration.warehouse.bigquery.names import Names

STANDING = "standing_loads"
"""The small table that the landing views join."""

STANDING_COLUMNS = {
    "dataset": "varchar",
    "load_id": "varchar",
    "period": "varchar",
    "may_repeat": "boolean",
    "state": "bigint",
    "booked_in": "date",
    "next_booked_in": "date",
}


def standing_loads(found: Landed, datasets: Iterable[Dataset]) -> list[Record]:
    """One row a load and period that it supplies; `may_repeat` where a record may stand twice.

    Of a bill's closed month that has states, one row a state: `booked_in` bears the difference from
    the state before, `next_booked_in` that to the next one, null for what stands now.
    """
    rows: list[Record] = []
    in_place = found.unchanged()
    for dataset in datasets:
        for name, items in sorted(found.of(dataset).items()):
            dirty = dirty_periods(dataset, items, found.stands[name])
            of_bill = found.states.get(name, ()) if dataset.is_bill and items else ()
            stands = in_place if dataset.is_bill else found.stands
            rows += [
                {
                    "dataset": dataset.name,
                    "load_id": item.load_id,
                    "period": period,
                    "may_repeat": period in dirty,
                    "state": state,
                    "booked_in": _first_day(booked_in),
                    "next_booked_in": _first_day(next_booked_in),
                }
                for standing, state, booked_in, next_booked_in in [
                    (stands[name], None, None, None),
                    *(
                        (state.standing, state.number, state.booked_in, following)
                        for state, following in with_next(of_bill)
                    ),
                ]
                for item in items
                for period in sorted(standing.periods_of.get(item.load_id, ()))
            ]
    return rows


def _first_day(period: str | None) -> str | None:
    return f"{period}-01" if period else None


def landing_view(names: Names, dataset: Dataset, found: Landed, loaded: bool) -> str:
    """SQL of `landing.<dataset>`.

    Args:
        loaded: whether the lake's table is there; else the view is typed and empty.
    """
    if not loaded:
        return empty_view(dataset.view_columns)
    if dataset.is_bill:
        return _bill_view(names, dataset, found)
    columns = ", ".join(f"`{name}`" for name in dataset.landed_columns)
    clean = f"select {columns}\nfrom ({_supplied(names, dataset, False, _any_time(dataset))})"
    repeated = repeated_rows(names, dataset, found)
    return clean if repeated is None else f"{clean}\nunion all\n{repeated}"


def _bill_view(names: Names, dataset: Dataset, found: Landed) -> str:
    """A bill's lines and where they are booked; lines of bills have no identity that may repeat."""
    columns = [f"`{name}`" for name in dataset.landed_columns]
    nulls = [f"cast(null as {TYPES[kind]}) as {name}" for name, kind in BOOKING_COLUMNS.items()]
    rows = _supplied(names, dataset, False, f"{_any_time(dataset)} and standing.state is null")
    clean = f"select {', '.join([*columns, *nulls])}\nfrom ({rows})"
    if not any(found.states.get(name) for name, items in found.of(dataset).items() if items):
        return clean
    states = _supplied(
        names,
        dataset,
        False,
        f"{_any_time(dataset)} and standing.state is not null",
        more=", standing.state as _state, standing.booked_in as _booked_in,"
        " standing.next_booked_in as _next_booked_in",
    )
    return f"{clean}\nunion all\n{booked_rows(columns, states, TYPES[BIGINT])}"


def repeated_rows(names: Names, dataset: Dataset, found: Landed) -> str | None:
    """SQL over the periods in which a record may repeat, where it counts once; None without any.

    Only the days of these periods are read: what repeats is found by a sort, and costs.
    """
    span = _dirty_span(dataset, found)
    if span is None:
        return None
    columns = ", ".join(f"`{name}`" for name in dataset.landed_columns)
    identity = f"`{dataset.identity}`"
    return (
        f"select {columns}\nfrom ({_supplied(names, dataset, True, span)})\n"
        f"where true\nqualify {identity} is null or row_number() over (\n"
        f"    partition by _period, {identity}\n"
        f"    order by `{ended_column(dataset)}` desc nulls last, _source_file desc nulls last,"
        " _source_row desc nulls last\n) = 1"
    )


def quarantine_view(names: Names, dataset: Dataset, loaded: bool) -> str:
    """SQL of `quarantine.<dataset>`: what was set aside of the loads that supply any period."""
    if not loaded:
        return empty_view(QUARANTINED_COLUMNS)
    columns = ", ".join(f"`{name}`" for name in QUARANTINED_COLUMNS)
    return (
        f"select {columns}\nfrom {names.sql(names.lake, quarantine_table(dataset))}\n"
        f"where _load_id in (\n    select load_id from {_standing(names)}"
        f" where dataset = '{dataset.name}' and next_booked_in is null\n)"
    )


def empty_view(columns: dict[str, str]) -> str:
    """SQL of no rows with these columns (DuckDB's types)."""
    listed = ", ".join(f"cast(null as {TYPES[kind]}) as `{name}`" for name, kind in columns.items())
    return f"select {listed}\nfrom unnest(array<int64>[]) as nothing"


def _standing(names: Names) -> str:
    return names.sql(names.build("landing"), STANDING)


def _supplied(
    names: Names, dataset: Dataset, may_repeat: bool, time: str, *, more: str = ""
) -> str:
    """The rows of standing loads in the periods that these supply; `more` names more columns."""
    # An own alias for each column: `standing` has a column `period` too.
    return (
        f"\n    select landed.*{more}\n    from {names.sql(names.lake, dataset.name)} as landed\n"
        f"    inner join {_standing(names)} as standing\n"
        "        on landed._load_id = standing.load_id and landed._period = standing.period\n"
        f"    where standing.dataset = '{dataset.name}'"
        f" and {'' if may_repeat else 'not '}standing.may_repeat{time}\n"
    )


def _any_time(dataset: Dataset) -> str:
    """A condition that is always true: the lake's table wants to hear of its time column, and rows
    without a time count as well."""
    if dataset.time is None:
        return ""
    first = _moment(dataset, date(1, 1, 1))
    return f"\n    and (landed.`{dataset.time}` >= {first} or landed.`{dataset.time}` is null)"


def _dirty_span(dataset: Dataset, found: Landed) -> str | None:
    """The condition on time that holds the repeated periods; None without any such period."""
    times: list[str | None] = []
    for name, items in found.of(dataset).items():
        dirty = dirty_periods(dataset, items, found.stands[name])
        times += [
            time
            for item in items
            for period in item.periods
            if period.period in dirty
            for time in (period.min_time, period.max_time)
        ]
    if not times:
        return None
    known = [datetime.fromisoformat(time).date() for time in times if time is not None]
    if dataset.time is None or not known:
        return _any_time(dataset)
    first, last = _moment(dataset, min(known)), _moment(dataset, max(known) + timedelta(days=1))
    column = f"landed.`{dataset.time}`"
    return f"\n    and ({column} >= {first} and {column} < {last} or {column} is null)"


def _moment(dataset: Dataset, day: date) -> str:
    text = day.isoformat()
    if dataset.time is not None and dataset.columns[dataset.time] == DATE:
        return f"date '{text}'"
    return f"timestamp '{text} 00:00:00+00'"
