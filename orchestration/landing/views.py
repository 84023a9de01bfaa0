"""SQL of the landing views: exactly the rows that stand, each record once."""

from __future__ import annotations

from orchestration.landing.datasets import Dataset
from orchestration.landing.lake import Lake, Manifest, Standing
from orchestration.landing.readers import identifier, literal

_QUARANTINE = {
    "_load_id": "varchar",
    "_source_name": "varchar",
    "_source_file": "varchar",
    "_source_row": "bigint",
    "_period": "varchar",
    "rule": "varchar",
    "raw": "varchar",
}


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
    whole: list[str] = []
    for name in sorted(loads):
        dirty = _dirty_periods(dataset, loads[name], stands[name])
        repeated: dict[frozenset[str], list[str]] = {}
        for item in loads[name]:
            held = stands[name].periods_of.get(item.load_id, frozenset())
            parts = [str(lake.local(file.part)) for file in item.files if file.part and file.rows]
            if not held or not parts:
                continue
            all_periods = {period.period for period in item.periods if period.row_count}
            if held & dirty:
                repeated.setdefault(held & dirty, []).extend(parts)
            clean = held - dirty
            if all_periods <= clean:
                whole += parts
            elif clean:
                branches.append(f"{_scan(dataset, parts)} where {_in_periods(clean)}")
        if repeated:
            branches.append(_once(dataset, repeated))
    if whole:
        branches.insert(0, _scan(dataset, whole))
    return " union all ".join(branches) if branches else f"select {listed} where false"


def _once(dataset: Dataset, repeated: dict[frozenset[str], list[str]]) -> str:
    """SQL over one source's parts, by the periods in which a record may repeat: it counts once.

    Only these pay for the search: a window undoes the dictionaries of Parquet, and whatever reads
    the rows after it costs several times as much.
    """
    identity = identifier(dataset.identity or "")
    # Deterministic whatever the order of delivery: the last to end, then file and row.
    ended = next(
        (name for name in ("endTime", "ended_at") if name in dataset.columns), "_source_file"
    )
    rows = " union all ".join(
        f"{_scan(dataset, parts)} where {_in_periods(periods)}"
        for periods, parts in repeated.items()
    )
    return (
        f"select * from ({rows}) "
        f"qualify {identity} is null or row_number() over (partition by _period, {identity} "
        f"order by {identifier(ended)} desc nulls last, _source_file desc, _source_row desc) = 1"
    )


def _in_periods(periods: frozenset[str]) -> str:
    return f"_period in ({', '.join(literal(period) for period in sorted(periods))})"


def _scan(dataset: Dataset, parts: list[str]) -> str:
    files = ", ".join(literal(part) for part in parts)
    columns = ", ".join(
        "coalesce(_source_row, file_row_number + 1) as _source_row"
        if name == "_source_row"
        else identifier(name)
        for name in dataset.landed_columns
    )
    return f"select {columns} from read_parquet([{files}], file_row_number=true)"


def _dirty_periods(dataset: Dataset, loads: list[Manifest], stands: Standing) -> frozenset[str]:
    """Periods in which a record may stand more than once."""
    if dataset.identity is None:
        return frozenset()
    supplied: dict[str, int] = {}
    dirty = set()
    for item in loads:
        held = stands.periods_of.get(item.load_id, frozenset())
        for period in item.periods:
            if period.period in held and period.row_count:
                supplied[period.period] = supplied.get(period.period, 0) + 1
                if period.distinct_rows != period.row_count:
                    dirty.add(period.period)
    return frozenset(dirty | {period for period, count in supplied.items() if count > 1})


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
        return f"select {', '.join(_QUARANTINE)} from read_parquet([{listed}])"
    empty = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in _QUARANTINE.items())
    return f"select {empty} where false"
