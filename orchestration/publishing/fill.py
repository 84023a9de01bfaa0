"""Copy the build's public tables into an open file: ordered, commented, and as Parquet."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.errors import AuditError
from orchestration.publishing.tables import Relation, literal, quoted
from orchestration.settings import Settings


def attach_build(con: duckdb.DuckDBPyConnection, settings: Settings) -> str:
    """Attach the build file, read-only; returns its catalog name."""
    con.execute("set timezone = 'UTC'")
    con.execute(f"set memory_limit = '{settings.warehouse.memory_limit}'")
    con.execute("set autoinstall_known_extensions = false")
    if not settings.build.is_file():
        raise AuditError("there is no build to publish", "run: twinledger build")
    # The views of the build name their catalog, which is the file's stem.
    catalog = settings.build.stem
    con.execute(f"attach {literal(str(settings.build))} as {quoted(catalog)} (read_only)")
    return catalog


def kinds_of(con: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, str]:
    """`schema.name` → table or view, of all that the build holds."""
    rows = con.execute(
        "select schema_name || '.' || table_name, 'table' from duckdb_tables()"
        " where database_name = $catalog union all"
        " select schema_name || '.' || view_name, 'view' from duckdb_views()"
        " where database_name = $catalog and not internal",
        {"catalog": catalog},
    ).fetchall()
    return dict(rows)


def copy_table(con: duckdb.DuckDBPyConnection, catalog: str, table: Relation) -> None:
    """Create the table in the open file, with the build's types."""
    con.execute(f"create schema if not exists {quoted(table.schema)}")
    # Ordered, so that equal builds give equal files and readers can skip blocks of them.
    con.execute(
        f"create table {table.sql} as select * from {quoted(catalog)}.{table.sql} order by all"
    )


def comment_on(con: duckdb.DuckDBPyConnection, relation: Relation) -> None:
    """Say in the file what the table and each of its columns is."""
    (kind,) = con.execute(
        "select table_type from information_schema.tables"
        " where table_catalog = current_database() and table_schema = ? and table_name = ?",
        [relation.schema, relation.name],
    ).fetchall()[0]
    columns = [name for name, *_ in con.execute(f"describe {relation.sql}").fetchall()]
    word = "view" if kind == "VIEW" else "table"
    comments = [f"comment on {word} {relation.sql} is {literal(relation.description)}"]
    for column in columns:
        text = literal(relation.columns.get(column, ""))
        comments.append(f"comment on column {relation.sql}.{quoted(column)} is {text}")
    # One transaction: each of its own would be written to the disk by itself.
    con.execute(f"begin; {'; '.join(comments)}; commit")


def write_parquet(con: duckdb.DuckDBPyConnection, tables: list[Relation], folder: Path) -> None:
    """Write `<folder>/<schema>/<table>.parquet` of each table in the open file."""
    for table in tables:
        file = folder / table.schema / f"{table.name}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        con.execute(f"copy {table.sql} to {literal(str(file))} (format parquet, compression zstd)")
