"""An export as a file, whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from orchestration.csv_cells import csv_cell
from orchestration.exports.focus import Export

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 50_000


def write_csv(export: Export, out: IO[str]) -> int:
    """A header and a line a row: times as ISO 8601 in UTC, decimals in full, null as nothing.

    Returns:
        The number of rows.
    """
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(export.columns)
    count = 0
    for row in export.rows():
        writer.writerow([_cell(row[name]) for name in export.columns])
        count += 1
    return count


def write_csv_file(export: Export, path: Path) -> int:
    """The same as a file."""
    with _whole(path) as part, part.open("w", encoding="utf-8", newline="") as out:
        return write_csv(export, out)


def write_parquet_file(export: Export, path: Path) -> int:
    """The same as Parquet: decimal(38,18), and times in UTC."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, rows, count = _schema(export), export.rows(), 0
    with _whole(path) as part, pq.ParquetWriter(part, schema) as writer:
        while batch := list(islice(rows, _BATCH)):
            picked = [{name: row[name] for name in export.columns} for row in batch]
            writer.write_table(pa.Table.from_pylist(picked, schema=schema))
            count += len(batch)
    return count


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds" if value.microsecond else "seconds") + "Z"
    if isinstance(value, bool):
        return str(value).lower()
    return csv_cell(value)


def _schema(export: Export) -> pa.Schema:
    import pyarrow as pa

    dataset = export.dataset

    def of(name: str) -> pa.DataType:
        if name in dataset.money:
            return pa.decimal128(38, 18)
        if name in dataset.times:
            return pa.timestamp("us", "UTC")
        return pa.bool_() if name in dataset.booleans else pa.string()

    return pa.schema([(name, of(name)) for name in export.columns])


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A file beside it that takes its place when all is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
