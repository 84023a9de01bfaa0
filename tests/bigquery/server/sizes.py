"""Bytes of tables by BigQuery's documented sizes of values: what queries are billed for."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from tests.bigquery.server.store import Table
from tests.bigquery.server.types import Type

FIXED = dict.fromkeys(("INT64", "FLOAT64", "DATE", "DATETIME", "TIME", "TIMESTAMP"), 8)
FIXED |= {"BOOL": 1, "NUMERIC": 16, "BIGNUMERIC": 32, "INTERVAL": 16}

# Tables are values, so a table's size never changes.
_known: WeakKeyDictionary[Table, int] = WeakKeyDictionary()


def table_bytes(table: Table) -> int:
    """Logical bytes of all rows and columns."""
    if table not in _known:
        types = [field.type for field in table.fields]
        _known[table] = sum(
            value_bytes(value, type_)
            for row in table.rows
            for value, type_ in zip(row, types, strict=True)
        )
    return _known[table]


def value_bytes(value: Any, type_: Type) -> int:
    """NULL is 0; STRING and BYTES are 2 and their length; others by FIXED or their parts."""
    if value is None:
        return 0
    if type_.kind in FIXED:
        return FIXED[type_.kind]
    if type_.kind == "ARRAY" and type_.element:
        return sum(value_bytes(item, type_.element) for item in value)
    if type_.kind == "STRUCT":
        members = zip(value, type_.members, strict=True)
        return sum(value_bytes(item, member) for item, (_, member) in members)
    return 2 + len(value.encode() if isinstance(value, str) else value)
