"""Rows written into a table by a load, a query or a copy: dispositions, schemas, partitions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tests.bigquery.server.errors import BigQueryError, already_exists, not_found
from tests.bigquery.server.partitions import check_layout, partition_id, partition_index
from tests.bigquery.server.resources import JSON, partitioning_changes
from tests.bigquery.server.schemas import united
from tests.bigquery.server.store import Ref, Store, Table
from tests.bigquery.server.types import Field

Row = tuple[Any, ...]


def split(address: Ref) -> tuple[Ref, str | None]:
    """The table's address without its partition decorator, and the partition's id."""
    name, _, partition = address.table.partition("$")
    return address._replace(table=name), partition or None


def write(
    store: Store,
    address: Ref,
    fields: Sequence[Field],
    rows: Iterable[Sequence[Any]],
    config: JSON,
    disposition: str,
    anew: bool = False,
) -> Table:
    """Put the rows, whose columns are `fields`, into the store's table and commit it.

    `disposition` holds where `config` has no writeDisposition; with `anew` nothing of an earlier
    table stays, not its layout either. Raises BigQueryError and changes nothing then.
    """
    with store.write_lock(split(address)[0]):
        table = written(store, address, fields, rows, config, disposition, anew)
        with store.lock:
            store.put(table)
            store.commit()
    return table


def written(
    store: Store,
    address: Ref,
    fields: Sequence[Field],
    rows: Iterable[Sequence[Any]],
    config: JSON,
    disposition: str,
    anew: bool,
) -> Table:
    ref, partition = split(address)
    disposition = config.get("writeDisposition") or disposition
    layout = partitioning_changes(config)
    old = None if anew else store.tables.get(ref)
    kept: list[Row] = []
    if old is None:
        store.dataset(ref.project, ref.dataset)
        if config.get("createDisposition") == "CREATE_NEVER":
            raise not_found(f"Table {ref}")
        table = Table(ref, tuple(fields), **layout)
    else:
        check_target(old, layout, disposition, partition)
        if disposition == "WRITE_TRUNCATE" and partition is None:
            table = old.but(fields=tuple(fields), **layout)
        else:
            table = united(old, fields, config.get("schemaUpdateOptions") or ())
            kept = table.rows.values
        if disposition == "WRITE_TRUNCATE" and partition is not None:
            kept = [row for row in kept if partition_id(old, row) != partition]
    new = in_order(fields, table, rows)
    if partition is not None:
        check_partition(table, partition, new)
    properties = config.get("destinationTableProperties") or {}
    table = table.but(**{k: properties[k] for k in ("description", "labels") if k in properties})
    return check_layout(table).with_rows([*kept, *new])


def check_target(old: Table, layout: JSON, disposition: str, partition: str | None) -> None:
    if old.is_view:
        raise BigQueryError(f"{old.ref} is not allowed for this operation: a view", 400, "invalid")
    if disposition not in ("WRITE_APPEND", "WRITE_EMPTY", "WRITE_TRUNCATE"):
        raise BigQueryError(f"Not implemented: {disposition}", 501, "notImplemented")
    if disposition == "WRITE_EMPTY" and len(old.rows):
        raise already_exists(f"Table {old.ref}")
    for name in ("time_partitioning", "range_partitioning", "clustering"):
        if name in layout and (layout[name] or None) != (getattr(old, name) or None):
            raise BigQueryError(
                f"Incompatible table partitioning specification. {old.ref} has {name} "
                f"{getattr(old, name) or 'none'}, the job {layout[name] or 'none'}",
                400,
                "invalid",
            )
    if partition is not None:
        partition_index(old)


def check_partition(table: Table, partition: str, rows: list[Row]) -> None:
    if other := {partition_id(table, row) for row in rows} - {partition}:
        raise BigQueryError(
            f"Some rows belong to different partitions rather than destination partition "
            f"{table.ref.table}${partition}: {', '.join(sorted(other)[:3])}",
            400,
            "invalid",
        )


def in_order(fields: Sequence[Field], table: Table, rows: Iterable[Sequence[Any]]) -> list[Row]:
    """The rows' cells in the order of the table's columns; what they lack is null."""
    at = {field.name.lower(): index for index, field in enumerate(fields)}
    places = [at.get(field.name.lower()) for field in table.fields]
    nothing: list[Any] = [[] if field.type.kind == "ARRAY" else None for field in table.fields]
    return [
        tuple(
            empty if place is None else row[place]
            for place, empty in zip(places, nothing, strict=True)
        )
        for row in rows
    ]
