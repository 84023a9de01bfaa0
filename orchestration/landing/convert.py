"""One source file becomes one Parquet part, in the file's order, in a single streaming scan.

Because the order is kept, a row's number in its source file is its row number in the part: it costs
nothing to keep. A part is written a second time only where rows were quarantined or skipped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from orchestration.errors import RefusedError
from orchestration.landing import hashing
from orchestration.landing.damage import unreadable
from orchestration.landing.datasets import Dataset
from orchestration.landing.plan import Plan
from orchestration.landing.profile import PeriodProfile, Profile
from orchestration.landing.quarantine import set_aside
from orchestration.landing.readers import (
    Reader,
    column_of,
    identifier,
    literal,
    open_reader,
)
from orchestration.landing.sources import SourceType
from orchestration.settings import Settings, SourceSettings

# LZ4 packs a log half as well as zstd and takes a seventh less processor time over the whole
# conversion; the lake is read once a day and written once.
PART_FORMAT = "format parquet, compression lz4_raw"


@dataclass(frozen=True)
class Converted:
    """One converted file.

    Attributes:
        part: the Parquet part, accepted rows only.
        quarantine: the Parquet file of the rows that could not be read, or None.
        first_bad: (row, rule) of the first quarantined row, or None.
        columns: the columns that the file had.
        models: distinct (provider, model) pairs, for the price book.
    """

    source_file: str
    part: Path
    quarantine: Path | None
    first_bad: tuple[int, str] | None
    columns: list[str]
    periods: list[PeriodProfile]
    models: list[tuple[str | None, str | None]]

    @property
    def row_count(self) -> int:
        """Accepted rows."""
        return sum(period.row_count for period in self.periods)

    @property
    def quarantined_rows(self) -> int:
        """Rows that could not be read."""
        return sum(period.quarantined_rows for period in self.periods)


def connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that spills to the workspace and downloads nothing."""
    spill = settings.work / "tmp"
    spill.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(
        config={
            "memory_limit": settings.warehouse.memory_limit,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )
    con.execute("set TimeZone = 'UTC'")
    return con


def convert(
    con: duckdb.DuckDBPyConnection,
    source: SourceSettings,
    source_type: SourceType,
    path: Path,
    *,
    shown: str,
    load_id: str,
    part: Path,
) -> Converted:
    """Convert one file.

    Args:
        path: the local file.
        shown: the file's name as users know it.
        load_id: the delivery that the rows belong to.
        part: where the Parquet part is written.

    Raises:
        RefusedError: the file is damaged, lacks a required column, or holds unreadable money.
    """
    hashing.load_key(con, source)
    reader = open_reader(con, source, path, shown, source_type.reader)
    _check_columns(source, source_type, reader, shown)
    plan = Plan(source, source_type, reader)
    try:
        con.execute(f"copy ({plan.select(load_id, shown)}) to {literal(str(part))} ({PART_FORMAT})")
        profile = Profile(con, source_type.dataset, part)
        quarantine, first_bad = None, None
        if any(period.quarantined_rows for period in profile.periods):
            quarantine, first_bad = set_aside(con, plan, part, load_id, shown)
        if source.skip_duplicates or quarantine is not None:
            _rewrite(con, source_type.dataset, part, skip_duplicates=source.skip_duplicates)
    except duckdb.Error as error:
        raise unreadable(error, shown, path) from None
    periods = profile.periods
    if source.skip_duplicates:
        kept = {period.period: period for period in Profile(con, source_type.dataset, part).periods}
        periods = [
            replace(
                kept.get(period.period, replace(period, row_count=0, distinct_rows=0)),
                quarantined_rows=period.quarantined_rows,
                quarantined_totals=period.quarantined_totals,
            )
            for period in periods
        ]
    return Converted(shown, part, quarantine, first_bad, reader.columns, periods, profile.models)


def _check_columns(
    source: SourceSettings, source_type: SourceType, reader: Reader, shown: str
) -> None:
    wanted = [
        *source_type.required(source),
        *(path for path in source.mapping.values()),
    ]
    for path in dict.fromkeys(wanted):
        tops = {column_of(one, reader.columns)[0] for one in (path, *path.split("|"))}
        if tops.isdisjoint([*reader.columns, *source_type.sparse]):
            fields = [name for name, mapped in source.mapping.items() if mapped == path]
            target = f" (mapped to the field '{fields[0]}')" if fields else ""
            named = path.replace("|", "' or '")
            raise RefusedError(
                f"the required column '{named}'{target} is missing; the file has: "
                f"{', '.join(reader.columns[:30]) or 'nothing'}",
                file=shown,
                next_step="if it was renamed, name the new column in the source's mapping; if the "
                f'vendor leaves it out, set constants = {{ {path.split("|")[0]} = "…" }} for the '
                "source",
            )


def _rewrite(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, part: Path, *, skip_duplicates: bool
) -> None:
    """Leave out quarantined rows (and exact repeats), keeping each row's number in its file."""
    rewritten = part.with_suffix(".rewritten")
    columns = [column for column in dataset.landed_columns if column != "_source_row"]
    listed = ", ".join(identifier(column) for column in columns)
    content = ", ".join(identifier(column) for column in dataset.columns)
    once = (
        f" qualify row_number() over (partition by {content} order by _source_row) = 1"
        if skip_duplicates
        else ""
    )
    con.execute(
        f"copy (select {listed}, _source_row, _rule from (select * exclude (_source_row), "
        f"file_row_number + 1 as _source_row from read_parquet({literal(str(part))}, "
        f"file_row_number=true)) where _rule is null{once} order by _source_row) "
        f"to {literal(str(rewritten))} ({PART_FORMAT})"
    )
    rewritten.replace(part)
