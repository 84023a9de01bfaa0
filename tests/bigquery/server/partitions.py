"""Partitions: the id that a row's value belongs to, and what a table may be partitioned by."""

from __future__ import annotations

from typing import Any

from tests.bigquery.server.errors import BigQueryError, not_implemented
from tests.bigquery.server.store import Table

FORMATS = {"HOUR": "%Y%m%d%H", "DAY": "%Y%m%d", "MONTH": "%Y%m", "YEAR": "%Y"}
NULL, OUTSIDE = "__NULL__", "__UNPARTITIONED__"
CLUSTERED = {
    "INT64", "STRING", "BOOL", "DATE", "TIMESTAMP", "DATETIME", "NUMERIC", "BIGNUMERIC",
}  # fmt: skip


def partition_id(table: Table, row: tuple[Any, ...]) -> str:
    """As in `table$id`. Raises BigQueryError 501 for a table partitioned by arrival."""
    column = partition_index(table)
    value = row[column]
    if value is None:
        return NULL
    if table.time_partitioning:
        return value.strftime(FORMATS[table.time_partitioning.get("type", "DAY")])
    bounds = (table.range_partitioning or {})["range"]
    start, end, interval = (int(bounds[name]) for name in ("start", "end", "interval"))
    return str(value - (value - start) % interval) if start <= value < end else OUTSIDE


def partition_index(table: Table) -> int:
    """The partition column's place among the table's fields."""
    parts = table.time_partitioning or table.range_partitioning
    if not parts:
        message = f"Partition decorator on {table.ref}, which is not partitioned"
        raise BigQueryError(message, 400, "invalid")
    if "field" not in parts:
        not_implemented(f"partitions by time of arrival ({table.ref})")
    return [field.name.lower() for field in table.fields].index(parts["field"].lower())


def check_layout(table: Table) -> Table:
    """The table itself. Raises BigQueryError for a partitioning or clustering that cannot be."""
    types = {field.name.lower(): field.type.kind for field in table.fields}
    time, spread = table.time_partitioning, table.range_partitioning
    if time and time.get("type") not in FORMATS:
        raise BigQueryError(f"Invalid partitioning type {time.get('type')}", 400, "invalid")
    if time and "field" in time:
        kind = types.get(time["field"].lower())
        hourly = time["type"] == "HOUR"
        if kind not in ("TIMESTAMP", "DATETIME") and (hourly or kind != "DATE"):
            fault(f"The field specified for partitioning, {time['field']}, has type {kind}")
    if spread and types.get(spread["field"].lower()) != "INT64":
        fault(f"The field specified for range partitioning, {spread['field']}, is no INT64")
    if len(table.clustering) > 4:
        fault("A maximum of 4 clustering fields is allowed")
    for name in table.clustering:
        if types.get(name.lower()) not in CLUSTERED:
            fault(f"Clustering by {name} of type {types.get(name.lower())} is not possible")
    if table.require_partition_filter and not (time or spread):
        fault("require_partition_filter needs a partitioned table")
    return table


def fault(message: str) -> None:
    raise BigQueryError(message, 400, "invalid")
