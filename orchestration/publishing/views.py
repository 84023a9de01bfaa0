"""Public views: request-grain data stays in the lake and is read through them.

A view of the build reads other views, down to the landed files. Those that are not public go into
the published file with it, under their own names; small tables that they read are copied.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import duckdb

from orchestration.publishing.tables import Relation, quoted


def publish_view(
    con: duckdb.DuckDBPyConnection,
    catalog: str,
    known: Mapping[str, Relation],
    key: str,
    kinds: Mapping[str, str],
) -> list[Relation]:
    """Create a view of the build, and what it needs, in the open file; returns what was created.

    Args:
        con: the published file's connection, with the build attached as `catalog`.
        known: the manifest's relations by id.
        key: the view's id.
        kinds: `schema.name` → table or view, of the build.
    """
    relation = known[key]
    if _exists(con, relation):
        return []
    con.execute(f"create schema if not exists {quoted(relation.schema)}")
    if kinds.get(relation.full_name) == "table":
        con.execute(
            f"create table {relation.sql} as"
            f" select * from {quoted(catalog)}.{relation.sql} order by all"
        )
        return [relation]
    created = [
        below
        for parent in relation.depends_on
        if parent in known
        for below in publish_view(con, catalog, known, parent, kinds)
    ]
    row = con.execute(
        "select sql from duckdb_views()"
        " where database_name = ? and schema_name = ? and view_name = ?",
        [catalog, relation.schema, relation.name],
    ).fetchone()
    if row is not None:
        con.execute(_without_catalog(row[0], catalog, {r.schema for r in known.values()}))
        created.append(relation)
    return created


def _exists(con: duckdb.DuckDBPyConnection, relation: Relation) -> bool:
    row = con.execute(
        "select count(*) from information_schema.tables"
        " where table_catalog = current_database() and table_schema = ? and table_name = ?",
        [relation.schema, relation.name],
    ).fetchone()
    return bool(row and row[0])


def _without_catalog(sql: str, catalog: str, schemas: set[str]) -> str:
    """The view's SQL with `catalog.schema.` shortened to `schema.`, for the known schemas only."""
    names = "|".join(re.escape(name) for name in sorted(schemas))
    return re.sub(rf'(?<![\w."\'])"?{re.escape(catalog)}"?\.("?(?:{names})"?\.)', r"\1", sql)
