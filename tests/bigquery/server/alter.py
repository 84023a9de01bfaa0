"""ALTER TABLE, VIEW and SCHEMA."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.bigquery.server import googlesql, options, trees
from tests.bigquery.server.ddl import attribute, check_column, parameterized, schema_key
from tests.bigquery.server.dml import converted
from tests.bigquery.server.errors import BigQueryError, already_exists, not_implemented
from tests.bigquery.server.partitions import check_layout
from tests.bigquery.server.session import Session
from tests.bigquery.server.store import Ref, Table
from tests.bigquery.server.types import Field
from tests.bigquery.server.values import Rows

KINDS = {
    "ASTAlterTableStatement": ("TABLE", options.TABLE),
    "ASTAlterViewStatement": ("VIEW", options.VIEW),
    "ASTAlterMaterializedViewStatement": ("MATERIALIZED_VIEW", options.MATERIALIZED_VIEW),
}
# Types that a column may be widened to.
WIDER = {
    "INT64": {"NUMERIC", "BIGNUMERIC", "FLOAT64"},
    "NUMERIC": {"BIGNUMERIC", "FLOAT64"},
}


def alter(session: Session, sql: str, tree: Any) -> tuple[str, Ref | None]:
    """The kind of statement and the table. Raises BigQueryError."""
    if trees.kind(tree) == "ASTAlterSchemaStatement":
        return alter_schema(session, sql, tree), None
    kind, known = KINDS[trees.kind(tree)]
    ref = session.ref(trees.names(tree.path))
    if tree.is_if_exists and not session.has(ref):
        return f"ALTER_{kind}", ref
    table = session.table(ref)
    if table.kind != kind:
        raise BigQueryError(f"{ref} is a {table.kind}: ALTER {kind} cannot change it")
    for action in tree.action_list.actions:
        table = acted(session, sql, table, action, known)
    if table.ref != ref:
        session.drop(ref)
    session.put(check_layout(table))
    return f"ALTER_{kind}", table.ref


def acted(session: Session, sql: str, table: Table, action: Any, known: set[str]) -> Table:
    kind = trees.kind(action)
    if kind == "ASTSetOptionsAction":
        set_ = options.evaluated(session, sql, action.options_list, known)
        return table.but(**options.table_changes(set_, table.time_partitioning))
    if kind == "ASTAlterColumnOptionsAction":
        set_ = options.evaluated(session, sql, action.options_list, options.COLUMN)
        return with_field(table, table.field(action.column_name.id_string), **set_)
    if table.is_view:
        not_implemented(f"{kind} on a {table.kind}")
    if kind == "ASTAddColumnAction":
        return add_column(session, sql, table, action)
    if kind == "ASTDropColumnAction":
        return drop_column(table, action)
    if kind == "ASTRenameColumnAction":
        return rename_column(table, action)
    if kind == "ASTRenameToClause":
        name = trees.names(action.new_name)[-1]
        moved = Ref(table.ref.project, table.ref.dataset, name)
        if session.has(moved):
            raise already_exists(f"Table {moved}")
        return table.but(ref=moved)
    if kind == "ASTAlterColumnDropNotNullAction":
        return with_field(table, table.field(action.column_name.id_string), mode="NULLABLE")
    if kind == "ASTAlterColumnTypeAction":
        return change_type(session, sql, table, action)
    return not_implemented(f"ALTER TABLE … {kind}")


def with_field(table: Table, field: Field, **changes: Any) -> Table:
    fields = tuple(f.but(**changes) if f is field else f for f in table.fields)
    return table.but(fields=fields)


def add_column(session: Session, sql: str, table: Table, action: Any) -> Table:
    definition = action.column_definition
    name = definition.name.id_string
    if any(field.name.lower() == name.lower() for field in table.fields):
        if action.is_if_not_exists:
            return table
        raise BigQueryError(f"Column already exists: {name}")
    if action.column_position is not None or action.fill_expression is not None:
        raise BigQueryError("ADD COLUMN takes neither a position nor a value")
    check_column(definition)
    field = parsed(trees.text(sql, definition))
    if field.mode == "REQUIRED":
        raise BigQueryError(f"Cannot add required fields to an existing schema. (field: {name})")
    set_ = options.evaluated(session, sql, definition.schema.options_list, options.COLUMN)
    fields = (*table.fields, field.but(description=set_.get("description")))
    empty: list[Any] | None = [] if field.type.kind == "ARRAY" else None
    rows = Rows.of([f.type for f in fields], [(*row, empty) for row in table.rows])
    return table.but(fields=fields, rows=rows)


def drop_column(table: Table, action: Any) -> Table:
    name = action.column_name.id_string
    if action.is_if_exists and name.lower() not in [f.name.lower() for f in table.fields]:
        return table
    field = table.field(name)
    if field.name in (table.partition_column, *table.clustering):
        raise BigQueryError(f"Cannot drop {name}: the table is partitioned or clustered by it")
    if len(table.fields) == 1:
        raise BigQueryError("Cannot drop the only column of a table")
    place = table.fields.index(field)
    fields = table.fields[:place] + table.fields[place + 1 :]
    rows = [row[:place] + row[place + 1 :] for row in table.rows]
    return table.but(fields=fields, rows=Rows.of([f.type for f in fields], rows))


def rename_column(table: Table, action: Any) -> Table:
    old, new = action.column_name.id_string, action.new_column_name.id_string
    field = table.field(old)
    if field.name in (table.partition_column, *table.clustering):
        raise BigQueryError(f"Cannot rename {old}: the table is partitioned or clustered by it")
    if any(f.name.lower() == new.lower() and f is not field for f in table.fields):
        raise BigQueryError(f"Column already exists: {new}")
    return with_field(table, field, name=new)


def change_type(session: Session, sql: str, table: Table, action: Any) -> Table:
    field = table.field(action.column_name.id_string)
    wanted = parsed(f"{field.name} {trees.text(sql, action.schema)}").type
    same = wanted.plain == field.type.plain and not wanted.parameters
    if not same and wanted.kind not in WIDER.get(field.type.kind, ()):
        raise BigQueryError(
            "ALTER TABLE ALTER COLUMN SET DATA TYPE requires that the existing column type "
            f"({field.type.sql}) "
            f"is assignable to the new type ({wanted.sql})"
        )
    changed = with_field(table, field, type=wanted)
    return changed.but(rows=converted(session, table.fields, table.rows, changed.fields))


def parsed(definition: str) -> Field:
    """A column's definition as a field."""
    analyzed = googlesql.analyze(f"create table t ({definition})")
    column = attribute(analyzed, "column_definition_list")[0]
    mode = "REQUIRED" if column.annotations.not_null else "NULLABLE"
    return Field(column.name, parameterized(column), mode)


def alter_schema(session: Session, sql: str, tree: Any) -> str:
    store = session.store
    key = schema_key(session, tree.path)
    with store.lock:
        if tree.is_if_exists and key not in store.datasets:
            return "ALTER_SCHEMA"
        dataset = store.dataset(*key)
        for action in tree.action_list.actions:
            if trees.kind(action) != "ASTSetOptionsAction":
                not_implemented(f"ALTER SCHEMA … {trees.kind(action)}")
            set_ = options.evaluated(session, sql, action.options_list, options.SCHEMA)
            changes = options.schema_changes(set_)
            changes["resource"] = {**dataset.resource, **changes.get("resource", {})}
            dataset = replace(dataset, **changes)
        store.put_dataset(dataset)
        store.commit()
    return "ALTER_SCHEMA"
