"""Copy jobs: whole tables, or single partitions by `table$id`."""

from __future__ import annotations

from tests.bigquery.server.errors import BigQueryError, not_implemented
from tests.bigquery.server.partitions import partition_id
from tests.bigquery.server.resources import JSON, check_keys, ref_of
from tests.bigquery.server.store import Ref, Store, Table
from tests.bigquery.server.types import schema_to_rest
from tests.bigquery.server.writes import Row, split, write

GIVEN = {
    "sourceTable", "sourceTables", "destinationTable", "createDisposition", "writeDisposition",
    "operationType",
}  # fmt: skip


def copy(store: Store, config: JSON) -> tuple[Table, JSON]:
    """The table after the copy, and the job's `statistics.copy`. Raises BigQueryError."""
    check_keys(config, GIVEN, "copy configuration")
    if config.get("operationType") not in (None, "COPY"):
        not_implemented(f"copy operation {config['operationType']}")
    addresses = [ref_of(r) for r in config.get("sourceTables") or [config["sourceTable"]]]
    sources = [source(store, address) for address in addresses]
    first = sources[0][0]
    for table, _ in sources[1:]:
        if schema_to_rest(table.fields) != schema_to_rest(first.fields):
            message = f"Source tables have different schemas: {first.ref}, {table.ref}"
            raise BigQueryError(message, 400, "invalid")
    rows = [row for _, part in sources for row in part]
    destination = ref_of(config["destinationTable"])
    # A new or replaced table is laid out like its source; one that stays keeps its own layout.
    replaced = config.get("writeDisposition") == "WRITE_TRUNCATE" and split(destination)[1] is None
    old = store.tables.get(split(destination)[0])
    anew = old is None or (replaced and not old.is_view)
    config = {**layout_of(first), **config} if anew else config
    table = write(store, destination, first.fields, rows, config, "WRITE_EMPTY", anew)
    return table, {"copiedRows": str(len(rows))}


def source(store: Store, address: Ref) -> tuple[Table, list[Row]]:
    ref, partition = split(address)
    table = store.table(ref)
    if table.is_view:
        raise BigQueryError(f"Cannot copy {ref}, which is a {table.kind}", 400, "invalid")
    rows = table.rows.values
    if partition is None:
        return table, rows
    return table, [row for row in rows if partition_id(table, row) == partition]


def layout_of(table: Table) -> JSON:
    """The partitioning and clustering as a job's configuration has them."""
    layout: JSON = {"timePartitioning": table.time_partitioning} if table.time_partitioning else {}
    if table.range_partitioning:
        layout["rangePartitioning"] = table.range_partitioning
    if table.clustering:
        layout["clustering"] = {"fields": list(table.clustering)}
    return layout
