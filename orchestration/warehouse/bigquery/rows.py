"""Rows made in Python as Arrow tables with the exact types of the columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def arrow_table(columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table.

    Args:
        columns: column → DuckDB type.
        rows: dates and times may be ISO text; without an offset they are UTC.
    """
    import pyarrow as pa

    kinds = {
        "varchar": pa.string(),
        "bigint": pa.int64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }
    fields = [(name, kinds[kind]) for name, kind in columns.items()]
    return pa.table(
        {
            name: pa.array([_value(row.get(name), columns[name]) for row in rows], type=kind)
            for name, kind in fields
        }
    )


def _value(value: Any, kind: str) -> Any:
    if kind == "timestamp" and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if kind == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    if kind == "varchar" and value is not None and not isinstance(value, str):
        return str(value)
    return value
