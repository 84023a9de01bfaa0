"""INFORMATION_SCHEMA views, computed from the store: of a dataset (`d`.INFORMATION_SCHEMA.TABLES)
or of a project's region (`region-us`.INFORMATION_SCHEMA.TABLES)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.bigquery.server.dialect import Source
from tests.bigquery.server.errors import not_implemented
from tests.bigquery.server.partitions import partition_id
from tests.bigquery.server.store import Dataset, Table
from tests.bigquery.server.types import Field, Type
from tests.bigquery.server.values import Rows

if TYPE_CHECKING:
    from tests.bigquery.server.session import Session

Row = tuple[Any, ...]


def source(session: Session, path: Sequence[str]) -> Source | None:
    """The view that a path names; None where it names none.

    Raises BigQueryError: 501 for a view that is not here.
    """
    upper = [part.upper() for part in path]
    if "INFORMATION_SCHEMA" not in upper[:-1]:
        return None
    before, view = path[: upper.index("INFORMATION_SCHEMA")], upper[-1]
    tables, datasets = within(session, before, view)
    if view == "SCHEMATA":
        columns: Columns = SCHEMATA
        rows = [schema_row(dataset) for dataset in datasets]
    elif view in OF_TABLES:
        columns, make = OF_TABLES[view]
        rows = [row for table in tables for row in make(table)]
    else:
        not_implemented(f"INFORMATION_SCHEMA.{view}")
    fields = tuple(Field(name, Type(kind)) for name, kind in columns)
    return Source(".".join(path), fields, Rows.of([field.type for field in fields], rows))


def within(session: Session, before: Sequence[str], view: str) -> tuple[list[Table], list[Dataset]]:
    """The tables and datasets that the part of a path before INFORMATION_SCHEMA covers."""
    *projects, last = before or ("region-us",)
    project = projects[0] if projects else session.project
    store = session.store
    datasets = [d for d in list(store.datasets.values()) if d.project == project and not d.hidden]
    if last.lower().startswith("region-") or view == "SCHEMATA":
        names = {dataset.dataset for dataset in datasets}
    else:
        names = {store.dataset(project, last).dataset}
    tables = [
        table
        for ref, table in sorted(store.tables.items())
        if ref.project == project and ref.dataset in names
    ]
    return tables, datasets


SCHEMATA = (
    ("catalog_name", "STRING"),
    ("schema_name", "STRING"),
    ("schema_owner", "STRING"),
    ("creation_time", "TIMESTAMP"),
    ("last_modified_time", "TIMESTAMP"),
    ("location", "STRING"),
)


def schema_row(dataset: Dataset) -> Row:
    times = (moment(dataset.created), moment(dataset.modified))
    return (dataset.project, dataset.dataset, None, *times, dataset.location)


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


TABLE = (("table_catalog", "STRING"), ("table_schema", "STRING"), ("table_name", "STRING"))


def tables(table: Table) -> Iterator[Row]:
    kind = {"TABLE": "BASE TABLE", "MATERIALIZED_VIEW": "MATERIALIZED VIEW"}
    insertable = "YES" if table.kind == "TABLE" else "NO"
    created = moment(table.created)
    yield (*table.ref, kind.get(table.kind, table.kind), insertable, "NO", created)


def columns(table: Table) -> Iterator[Row]:
    for position, field in enumerate(table.fields, 1):
        is_partition = (table.partition_column or "").lower() == field.name.lower()
        clusters = [name.lower() for name in table.clustering]
        name = field.name.lower()
        place = clusters.index(name) + 1 if name in clusters else None
        yield (
            *table.ref,
            field.name,
            position,
            "NO" if field.mode == "REQUIRED" else "YES",
            field.type.sql.replace("`", ""),
            "NO",
            "NO",
            "YES" if is_partition else "NO",
            place,
        )


def field_paths(table: Table) -> Iterator[Row]:
    for field in table.fields:
        for path, type_ in below(field.name, field.type):
            described = field.description if path == field.name else None
            yield (*table.ref, field.name, path, type_.sql.replace("`", ""), described)


def below(path: str, type_: Type) -> Iterator[tuple[str, Type]]:
    yield path, type_
    inner = type_.element if type_.kind == "ARRAY" and type_.element else type_
    for name, member in inner.members:
        yield from below(f"{path}.{name}", member)


def table_options(table: Table) -> Iterator[Row]:
    labels = ", ".join(f'STRUCT("{k}", "{v}")' for k, v in table.labels.items())
    expires = moment(table.expires).isoformat() if table.expires else None
    found = (
        ("description", "STRING", table.description and json.dumps(table.description)),
        ("friendly_name", "STRING", table.friendly_name and json.dumps(table.friendly_name)),
        ("labels", "ARRAY<STRUCT<STRING, STRING>>", f"[{labels}]" if labels else None),
        ("expiration_timestamp", "TIMESTAMP", expires and f'TIMESTAMP "{expires}"'),
        ("require_partition_filter", "BOOL", "true" if table.require_partition_filter else None),
    )
    for name, kind, value in found:
        if value:
            yield (*table.ref, name, kind, value)


def partitions(table: Table) -> Iterator[Row]:
    if table.is_view:
        return
    counts: dict[str | None, int] = {}
    if not table.partition_column:
        counts[None] = len(table.rows)
    else:
        for row in table.rows:
            id_ = partition_id(table, row)
            counts[id_] = counts.get(id_, 0) + 1
    for partition, count in counts.items():
        yield (*table.ref, partition, count, moment(table.modified), "ACTIVE")


def views(table: Table) -> Iterator[Row]:
    if table.kind == "VIEW":
        yield (*table.ref, table.view_query, None, "YES")


Columns = tuple[tuple[str, str], ...]
OF_TABLES: dict[str, tuple[Columns, Callable[[Table], Iterator[Row]]]] = {
    "TABLES": (
        (
            *TABLE,
            ("table_type", "STRING"),
            ("is_insertable_into", "STRING"),
            ("is_typed", "STRING"),
            ("creation_time", "TIMESTAMP"),
        ),
        tables,
    ),
    "COLUMNS": (
        (
            *TABLE,
            ("column_name", "STRING"),
            ("ordinal_position", "INT64"),
            ("is_nullable", "STRING"),
            ("data_type", "STRING"),
            ("is_hidden", "STRING"),
            ("is_system_defined", "STRING"),
            ("is_partitioning_column", "STRING"),
            ("clustering_ordinal_position", "INT64"),
        ),
        columns,
    ),
    "COLUMN_FIELD_PATHS": (
        (
            *TABLE,
            ("column_name", "STRING"),
            ("field_path", "STRING"),
            ("data_type", "STRING"),
            ("description", "STRING"),
        ),
        field_paths,
    ),
    "TABLE_OPTIONS": (
        (
            *TABLE,
            ("option_name", "STRING"),
            ("option_type", "STRING"),
            ("option_value", "STRING"),
        ),
        table_options,
    ),
    "PARTITIONS": (
        (
            *TABLE,
            ("partition_id", "STRING"),
            ("total_rows", "INT64"),
            ("last_modified_time", "TIMESTAMP"),
            ("storage_tier", "STRING"),
        ),
        partitions,
    ),
    "VIEWS": (
        (
            *TABLE,
            ("view_definition", "STRING"),
            ("check_option", "STRING"),
            ("use_standard_sql", "STRING"),
        ),
        views,
    ),
}
