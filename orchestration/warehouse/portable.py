"""SQL that DuckDB and BigQuery run alike: what to write, and helpers for what needs care.

- `{layer.table}` names a published table, `?` a value.
- `sum(case when … then … end)`, not `filter`; `cast(… as …)` to `bigint`, `string` or `date`, which
  both know; `1e0 * a / b` for a share, since the two differ in what a decimal divided gives.
- Days are added to dates as whole numbers: `day - 30`.
- Null order is written out. Joins are on equal columns: BigQuery plans no others well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_TABLE = re.compile(r"\{(\w+)\.(\w+)\}")


def tables_in(sql: str) -> set[tuple[str, str]]:
    """(layer, table) of the tables that a statement names."""
    return set(_TABLE.findall(sql))


def with_names(sql: str, relation: Callable[[str, str], str]) -> str:
    """The statement with each `{layer.table}` as the engine calls it."""
    return _TABLE.sub(lambda found: relation(found[1], found[2]), sql)


def month_start(day: str) -> str:
    """The first day of a date's month, as a date."""
    return f"({day} - cast(extract(day from {day}) - 1 as int))"


def month_text(day: str) -> str:
    """The month of a date or time as text: `2026-10`."""
    return f"substr(cast({day} as string), 1, 7)"


def joined_keys(columns: Iterable[str], table: str) -> str:
    """One text of several columns of a table, equal where they are; null equals null.

    Texts, whole numbers and dates only: the others print differently from row to row.
    """
    parts = (f"coalesce('=' || cast({table}.{name} as string), '')" for name in columns)
    return " || chr(31) || ".join(parts)
