"""SQL of the landing views: exactly the rows that stand, each record once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from orchestration.landing.booking import BillState
from orchestration.landing.datasets import BOOKING_COLUMNS, TIME, Dataset
from orchestration.landing.lake import Lake, Manifest, Standing
from orchestration.landing.quarantine import QUARANTINED_COLUMNS
from orchestration.landing.readers import identifier, literal
from orchestration.landing.records import Landed, dirty_periods
from orchestration.landing.shapes import Shapes

Form = tuple[bool, frozenset[str]]
"""How parts are read: whether they are portable, and the columns that they lack."""


def landing_rows(lake: Lake, dataset: Dataset, found: Landed) -> str:
    """SQL of `landing.<dataset>`: what stands, and of bills where it is booked."""
    own = found.of(dataset)
    if not dataset.is_bill:
        return standing_rows(lake, dataset, own, found.stands)
    in_place = standing_rows(lake, dataset, own, found.unchanged())
    nulls = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in BOOKING_COLUMNS.items())
    rows = f"select *, {nulls} from ({in_place})"
    states = [
        f"select *, cast({state.number} as bigint) as _state, "
        f"{_month(state.booked_in)} as _booked_in, {_month(following)} as _next_booked_in "
        f"from ({standing_rows(lake, dataset, {name: own[name]}, {name: state.standing})})"
        for name, of_source in found.states.items()
        if own[name]
        for state, following in with_next(of_source)
    ]
    if not states:
        return rows
    columns = [identifier(name) for name in dataset.landed_columns]
    return f"{rows} union all {booked_rows(columns, ' union all '.join(states), 'bigint')}"


def booked_rows(columns: Iterable[str], states: str, integer: str) -> str:
    """SQL of closed months' lines: those of the closing, and each difference since line by line.

    Lines alike are told apart by their number, so that the difference is that of two multisets. The
    text is the same on every engine.

    Args:
        columns: the landed ones, quoted.
        states: SQL of the lines of each state, with `_state`, `_booked_in` and `_next_booked_in`.
        integer: the engine's whole numbers.
    """
    line = "_source_name, _period, _row_hash"
    same = f"over (partition by {line}, _occurrence order by _state asc nulls last)"
    return f"""
    select {", ".join(f"state_lines.{column}" for column in columns)},
        cast(case effects.effect
            when 1 then state_lines._state
            when -1 then -(state_lines._state + 1)
        end as {integer}) as _adjustment,
        case effects.effect
            when 1 then state_lines._booked_in
            when -1 then state_lines._next_booked_in
        end as _booked_in
    from (
        select *, lag(_state) {same} as _state_before, lead(_state) {same} as _state_after
        from (
            select *, row_number() over (
                partition by {line}, _state
                order by _source_file asc nulls last, _source_row asc nulls last
            ) as _occurrence
            from ({states}) as all_states
        ) as numbered
    ) as state_lines
    cross join (
        select 0 as effect union all select 1 as effect union all select -1 as effect
    ) as effects
    where
        effects.effect = 0 and state_lines._state = 0
        or effects.effect = 1 and state_lines._state > 0
        and state_lines._state_before is distinct from state_lines._state - 1
        or effects.effect = -1 and state_lines._next_booked_in is not null
        and state_lines._state_after is distinct from state_lines._state + 1"""


def with_next(states: Sequence[BillState]) -> Iterable[tuple[BillState, str | None]]:
    """Each state of one source with the month in which the difference to the next one is booked."""
    return [
        (state, after.booked_in if after is not None and after.number > state.number else None)
        for state, after in zip_longest(states, states[1:])
    ]


def _month(period: str | None) -> str:
    return f"date '{period}-01'" if period else "cast(null as date)"


def standing_rows(
    lake: Lake,
    dataset: Dataset,
    loads: dict[str, list[Manifest]],
    stands: dict[str, Standing],
) -> str:
    """SQL over exactly the standing rows.

    Parts whose every period stands are read whole; the others are filtered by period; where a
    record may occur twice (two files for one day, or a repeat inside one file), it counts once.
    """
    listed = ", ".join(
        f"cast(null as {kind}) as {identifier(name)}"
        for name, kind in dataset.landed_columns.items()
    )
    branches: list[str] = []
    whole: dict[Form, list[str]] = {}
    for name in sorted(loads):
        dirty = dirty_periods(dataset, loads[name], stands[name])
        supplying = [item for item in loads[name] if item.load_id in stands[name].periods_of]
        shapes = Shapes(lake, dataset, supplying)
        repeated: dict[tuple[frozenset[str], Form], list[str]] = {}
        for item in supplying:
            held = stands[name].periods_of[item.load_id]
            parts = [str(lake.local(file.part)) for file in item.files if file.part and file.rows]
            if not held or not parts:
                continue
            form = item.portable, shapes.lacks(item.load_id)
            all_periods = {period.period for period in item.periods if period.row_count}
            if held & dirty:
                repeated.setdefault((held & dirty, form), []).extend(parts)
            clean = held - dirty
            if all_periods <= clean:
                whole.setdefault(form, []).extend(parts)
            elif clean:
                scan = _scan(dataset, parts, form)
                branches.append(f"{scan} where {_in_periods(clean)}")
        if repeated:
            branches.append(_once(dataset, repeated))
    branches[:0] = [_scan(dataset, parts, form) for form, parts in whole.items()]
    return " union all ".join(branches) if branches else f"select {listed} where false"


def _once(dataset: Dataset, repeated: dict[tuple[frozenset[str], Form], list[str]]) -> str:
    """SQL over one source's parts, by the periods in which a record may repeat: it counts once.

    Only these pay for the search: a window undoes the dictionaries of Parquet, and whatever reads
    the rows after it costs several times as much.
    """
    identity = identifier(dataset.identity or "")
    rows = " union all ".join(
        f"{_scan(dataset, parts, form)} where {_in_periods(periods)}"
        for (periods, form), parts in repeated.items()
    )
    return (
        f"select * from ({rows}) "
        f"qualify {identity} is null or row_number() over (partition by _period, {identity} "
        f"order by {identifier(ended_column(dataset))} desc nulls last, _source_file desc, "
        "_source_row desc) = 1"
    )


def _in_periods(periods: frozenset[str]) -> str:
    return f"_period in ({', '.join(literal(period) for period in sorted(periods))})"


def ended_column(dataset: Dataset) -> str:
    """Of a repeated record the last to end stands, then file and row: whatever came first."""
    return dataset.newest or next(
        (name for name in ("endTime", "ended_at") if name in dataset.columns), "_source_file"
    )


def _scan(dataset: Dataset, parts: list[str], form: Form) -> str:
    portable, lacks = form
    files = ", ".join(literal(part) for part in parts)
    columns = ", ".join(
        f"cast(null as {kind}) as {identifier(name)}"
        if name in lacks
        else _column(name, kind, portable)
        for name, kind in dataset.landed_columns.items()
    )
    return f"select {columns} from read_parquet([{files}], file_row_number=true)"


def _column(name: str, kind: str, portable: bool) -> str:
    if name == "_source_row":
        return "coalesce(_source_row, file_row_number + 1) as _source_row"
    if kind == TIME and portable:
        return f"timezone('UTC', {identifier(name)}) as {identifier(name)}"
    return identifier(name)


def quarantined_rows(
    lake: Lake, loads: dict[str, list[Manifest]], stands: dict[str, Standing]
) -> str:
    files = [
        str(lake.local(file.quarantine))
        for name in sorted(loads)
        for item in loads[name]
        if item.load_id in stands[name].periods_of
        for file in item.files
        if file.quarantine
    ]
    if files:
        listed = ", ".join(literal(file) for file in files)
        return f"select {', '.join(QUARANTINED_COLUMNS)} from read_parquet([{listed}])"
    empty = ", ".join(
        f"cast(null as {kind}) as {name}" for name, kind in QUARANTINED_COLUMNS.items()
    )
    return f"select {empty} where false"
