"""The tables of the dataset `lake`: what each landed dataset is loaded into."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from orchestration.landing.datasets import Dataset
from orchestration.landing.lake import described
from orchestration.landing.quarantine import QUARANTINED_COLUMNS
from orchestration.warehouse.bigquery.client import Client, fields_of
from orchestration.warehouse.bigquery.errors import BigQueryError

if TYPE_CHECKING:
    from google.cloud import bigquery

MARKS = "loaded_parts"
"""Which parts are in which table: one row a part, written after the load job that brought it."""

MARK_COLUMNS = {
    "table_name": "varchar",
    "generation": "varchar",
    "part": "varchar",
    "load_id": "varchar",
    "job_id": "varchar",
    "loaded_at": "timestamp",
}

COLUMNS = "columns"
"""Label of a lake's table: the version of its columns, so that a list of tables tells it."""

CLUSTERING = ["_source_name", "_load_id"]


def quarantine_table(dataset: Dataset) -> str:
    """The table of a dataset's quarantined rows."""
    return f"{dataset.name}__quarantine"


def columns_of(dataset: Dataset, is_quarantine: bool) -> dict[str, str]:
    """Column → DuckDB type, of the lake's table."""
    return dict(QUARANTINED_COLUMNS) if is_quarantine else dataset.landed_columns


def columns_label(columns: dict[str, str]) -> str:
    """The label of a table that has these columns."""
    return hashlib.sha256(described(columns).encode()).hexdigest()[:16]


def ensure_table(client: Client, dataset: Dataset, is_quarantine: bool) -> bigquery.Table:
    """The table of one landed dataset, made or widened where it is needed.

    Bills are kept by month, usage by day; a query must say which days it wants. Rows without a time
    have a partition of their own.
    """
    name = quarantine_table(dataset) if is_quarantine else dataset.name
    by_time = None if is_quarantine else dataset.time
    return _ensure(
        client,
        name,
        columns_of(dataset, is_quarantine),
        time=by_time,
        grain="MONTH" if dataset.is_bill else "DAY",
        clustering=CLUSTERING,
    )


def ensure_marks(client: Client) -> bigquery.Table:
    """The table of what is loaded."""
    return _ensure(client, MARKS, MARK_COLUMNS)


def generation_of(created: datetime | None) -> str:
    """Tells a table from one that was dropped and made again under its name."""
    return "" if created is None else str(int(created.timestamp() * 1000))


def _ensure(
    client: Client,
    name: str,
    columns: dict[str, str],
    *,
    time: str | None = None,
    grain: str = "DAY",
    clustering: list[str] | None = None,
) -> bigquery.Table:
    from google.cloud import bigquery

    from orchestration.warehouse.bigquery.errors import told_plainly

    lake = client.names.lake
    found = client.table(lake, name)
    if found is not None:
        return _widened(client, found, columns)
    table = bigquery.Table(f"{client.names.project}.{lake}.{name}", schema=fields_of(columns))
    if time is not None:
        table.time_partitioning = bigquery.TimePartitioning(type_=grain, field=time)
        table.require_partition_filter = True
    if clustering:
        table.clustering_fields = clustering
    table.labels = {
        **client.settings.bigquery.labels,
        "app": "twinledger",
        COLUMNS: columns_label(columns),
    }
    with told_plainly(client.settings, f"creating {lake}.{name}"):
        return client.api.create_table(table, exists_ok=True, retry=client.retry)


_TYPES = {"INTEGER": "INT64", "BOOLEAN": "BOOL"}
"""The service's older names of types."""


def _widened(client: Client, table: bigquery.Table, columns: dict[str, str]) -> bigquery.Table:
    """A later version may land more columns: rows of before have null there."""
    from orchestration.warehouse.bigquery.errors import told_plainly

    there = {field.name: _TYPES.get(field.field_type, field.field_type) for field in table.schema}
    for field in fields_of(columns):
        if there.get(field.name, field.field_type) != field.field_type:
            raise BigQueryError(
                f"{table.dataset_id}.{table.table_id}: {field.name} is {there[field.name]}, but"
                f" {field.field_type} in this version",
                "drop the table: it is filled again from the lake",
            )
    new = {name: kind for name, kind in columns.items() if name not in there}
    label = columns_label(columns)
    if not new and table.labels.get(COLUMNS) == label:
        return table
    table.schema = [*table.schema, *fields_of(new)]
    table.labels = {**table.labels, COLUMNS: label}
    with told_plainly(client.settings, f"adding columns to {table.table_id}"):
        return client.api.update_table(table, ["schema", "labels"], retry=client.retry)
