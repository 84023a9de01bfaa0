"""SQL of the landing views: exactly the rows that stand, each record once."""

from __future__ import annotations

from orchestration.landing.datasets import TIME, Dataset
from orchestration.landing.lake import Lake, Manifest, Standing
from orchestration.landing.quarantine import QUARANTINED_COLUMNS
from orchestration.landing.readers import identifier, literal
from orchestration.landing.records import dirty_periods
from orchestration.landing.shapes import Shapes

Form = tuple[bool, frozenset[str]]
"""How parts are read: whether they are portable, and the columns that they lack."""


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
