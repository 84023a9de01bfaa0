"""Parts for engines other than DuckDB: everything that a row says is written in the row.

A part of ours leaves `_source_row` to the row's place in the file, and its times bear no zone.
Other engines know no place, and take a time without zone for local time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestration.landing.datasets import TIME
from orchestration.landing.readers import identifier, literal
from orchestration.settings import Settings

# Not every engine reads the LZ4 that our own parts are packed with.
PORTABLE_FORMAT = "format parquet, compression zstd"


def write_portable(
    settings: Settings,
    columns: Mapping[str, str],
    parts: Sequence[Path],
    target: Path,
    *,
    may_lack: bool = False,
) -> None:
    """Write parts of one dataset as one file: rows numbered, times as instants of UTC.

    Args:
        columns: the dataset's landed columns → DuckDB type.
        parts: local files; portable ones stay as they are.
        target: may be one of the parts.
        may_lack: parts may lack columns, which are null then; all footers are read beforehand.
    """
    from orchestration.landing.convert import connect

    files = ", ".join(literal(str(part)) for part in parts)
    scan = f"read_parquet([{files}], file_row_number=true, union_by_name={may_lack})"
    rewritten = target.with_suffix(".portable")
    con = connect(settings)
    try:
        there = set(columns)
        if may_lack:
            there = {row[0] for row in con.execute(f"describe from {scan}").fetchall()}
        listed = ", ".join(
            _column(name, kind) if name in there else f"cast(null as {kind}) as {identifier(name)}"
            for name, kind in columns.items()
        )
        # The session is in UTC, so that a time without zone becomes the same time of UTC.
        con.execute(
            f"copy (select {listed} from {scan}) to {literal(str(rewritten))} ({PORTABLE_FORMAT})"
        )
    finally:
        con.close()
    rewritten.replace(target)


def _column(name: str, kind: str) -> str:
    column = identifier(name)
    if name == "_source_row":
        return "coalesce(_source_row, file_row_number + 1) as _source_row"
    if kind == TIME:
        return f"cast({column} as timestamptz) as {column}"
    return f"cast({column} as {kind}) as {column}"
