"""Published marts read the way their readers do: a DuckDB file, BigQuery datasets, golden files."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from google.cloud import bigquery

from tests.bigquery.compare import Marts, Relation, comparable

LOGICAL_TYPES = {
    # DuckDB
    "VARCHAR": "text",
    "BIGINT": "integer",
    "DOUBLE": "float",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "DECIMAL(38,18)": "money",
    # BigQuery's REST names
    "STRING": "text",
    "INTEGER": "integer",
    "FLOAT": "float",
    "BIGNUMERIC": "money",
}
"""The types that public columns may have. One that is missing here is shown as it is, and differs:
DuckDB's INTEGER has 32 bits and is no INT64, NUMERIC has 9 decimals and is no money."""

PUBLISH_LOG = "publish_log"

GOLDEN = Path(__file__).parent / "golden"
"""What the real service said after the first build; see the README there."""


def duckdb_type(name: str) -> str:
    """DuckDB's 32-bit INTEGER shares its name with BigQuery's 64-bit one."""
    return "integer of 32 bits" if name == "INTEGER" else LOGICAL_TYPES.get(name, name)


def duckdb_marts(file: Path, public: Collection[str]) -> Marts:
    """The public relations of a published file, as `layer.name`.

    Args:
        public: the names of the public relations; the views below them are not compared.
    """
    with duckdb.connect(str(file), read_only=True) as con:
        con.execute("set timezone = 'UTC'")
        names = con.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_catalog = current_database()"
        ).fetchall()
        found = {}
        for schema, table in names:
            name = table if table == PUBLISH_LOG else f"{schema}.{table}"
            if name in public:
                found[name] = duckdb_relation(con, f'"{schema}"."{table}"')
    return Marts("DuckDB", found)


def duckdb_relation(con: duckdb.DuckDBPyConnection, sql: str) -> Relation:
    """A table, view or query in brackets, with its types in the words of both engines."""
    described = con.execute(f"describe select * from {sql}").fetchall()
    return Relation(
        tuple((name, duckdb_type(kind)) for name, kind, *_ in described),
        tuple(con.execute(f"select * from {sql}").fetchall()),
    )


def bigquery_marts(client: bigquery.Client, prefix: str) -> Marts:
    """Everything that readers of the prefix see: all datasets but the product's own workshops."""
    own = ("lake", "build_", "publish_", "as_of_")
    found = {}
    for dataset in client.list_datasets():
        layer = dataset.dataset_id.removeprefix(prefix)
        if not dataset.dataset_id.startswith(prefix) or layer.startswith(own):
            continue
        for table in client.list_tables(dataset.reference):
            name = f"{layer}.{table.table_id}"
            sql = f"`{table.project}`.`{table.dataset_id}`.`{table.table_id}`"
            # DuckDB's publish_log stands beside the layers; a table of BigQuery needs a dataset.
            found[PUBLISH_LOG if table.table_id == PUBLISH_LOG else name] = bigquery_relation(
                client, sql, client.get_table(table.reference).schema
            )
    return Marts("BigQuery", found)


def without_log(marts: Marts) -> Marts:
    """Of the same state, published by two runs: the log tells them apart."""
    kept = {name: item for name, item in marts.relations.items() if name != PUBLISH_LOG}
    return replace(marts, relations=kept)


def bigquery_relation(
    client: bigquery.Client, sql: str, schema: list[bigquery.SchemaField] | None = None
) -> Relation:
    """A table, view or query in brackets. `schema`: what the catalog says, else the answer's."""
    answer = client.query(f"select * from {sql}").result()
    return Relation(
        tuple(bigquery_column(column) for column in schema or answer.schema),
        tuple(row.values() for row in answer),
    )


def bigquery_column(column: bigquery.SchemaField) -> tuple[str, str]:
    kind = LOGICAL_TYPES.get(column.field_type, column.field_type)
    return column.name, f"{kind} array" if column.mode == "REPEATED" else kind


_PARSERS: dict[str, Callable[[str], Any]] = {
    "money": Decimal,
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "float": float,
}


def write_golden(marts: Marts, folder: Path) -> None:
    """One file a relation: a line of columns, then its rows; what is left out is marked."""
    folder.mkdir(parents=True, exist_ok=True)
    for former in folder.glob("*.jsonl"):
        former.unlink()
    for name, relation in marts.relations.items():
        rows = [[_text(value) for value in row] for row in comparable(name, relation)]
        lines = [list(map(list, relation.columns)), *sorted(rows, key=json.dumps)]
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")


def read_golden(folder: Path) -> Marts:
    """What `write_golden` wrote."""
    found = {}
    for file in sorted(folder.glob("*.jsonl")):
        first, *lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
        columns = tuple((name, kind) for name, kind in first)
        kinds = [kind for _, kind in columns]
        rows = tuple(tuple(map(_value, kinds, line)) for line in lines)
        found[file.stem] = Relation(columns, rows)
    return Marts("golden files", found)


def _value(kind: str, value: Any) -> Any:
    if not isinstance(value, str) or kind not in _PARSERS or value.startswith("("):
        return value
    return _PARSERS[kind](value)


def _text(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value
