"""Changes of a table's schema: which ones BigQuery lets through, and the rows after them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from tests.bigquery.server.errors import BigQueryError
from tests.bigquery.server.store import Table
from tests.bigquery.server.types import Field, Type
from tests.bigquery.server.values import Rows

Row = tuple[Any, ...]
ADDITION, RELAXATION = "ALLOW_FIELD_ADDITION", "ALLOW_FIELD_RELAXATION"


def changed(table: Table, fields: Sequence[Field]) -> Table:
    """tables.patch and tables.update: columns may be added at the end, relaxed, described; none may
    be missing, moved or of another type. Raises BigQueryError (invalid)."""
    old = {field.name.lower(): field for field in table.fields}
    new = {field.name.lower(): field for field in fields}
    for name, field in old.items():
        if name not in new:
            mismatch(table, f"Field {field.name} is missing in new schema")
        check_change(table, field, new[name])
    added = [field for name, field in new.items() if name not in old]
    if any(field.mode == "REQUIRED" for field in added):
        mismatch(table, f"Cannot add required fields to an existing schema: {added[0].name}")
    kept = [new[name] for name in old]
    return with_fields(table, [*kept, *added])


def united(table: Table, fields: Sequence[Field], options: Collection[str]) -> Table:
    """The table as an append of rows with `fields` leaves its schema, by schemaUpdateOptions.

    Raises BigQueryError (invalid) for columns that `options` do not let in.
    """
    old = {field.name.lower(): field for field in table.fields}
    result = dict(old)
    given = {field.name.lower(): field for field in fields}
    for name, field in given.items():
        if name not in old:
            if ADDITION not in options:
                mismatch(table, f"Cannot add fields (field: {field.name})")
            result[name] = field.but(mode="NULLABLE")
            continue
        check_change(table, old[name], field, same_type=True)
        if old[name].mode == "REQUIRED" and field.mode != "REQUIRED":
            if RELAXATION not in options:
                mismatch(table, f"Field {field.name} has changed mode from REQUIRED to NULLABLE")
            result[name] = old[name].but(mode="NULLABLE")
    for name, field in old.items():
        if field.mode == "REQUIRED" and name not in given:
            if RELAXATION not in options:
                mismatch(table, f"Field {field.name} is missing in new schema")
            result[name] = field.but(mode="NULLABLE")
    return with_fields(table, list(result.values()))


def check_change(table: Table, old: Field, new: Field, same_type: bool = False) -> None:
    if not fits(old.type, new.type):
        if old.type.kind == new.type.kind and not same_type:
            mismatch(table, f"Field {old.name} has changed its members or parameters")
        elif old.type.plain != new.type.plain:
            before, after = (field.to_rest()["type"] for field in (old, new))
            mismatch(table, f"Field {old.name} has changed type from {before} to {after}")
    if old.mode == "NULLABLE" and new.mode == "REQUIRED" and not same_type:
        mismatch(table, f"Field {old.name} has changed mode from NULLABLE to REQUIRED")


def fits(old: Type, new: Type) -> bool:
    """Equal; members of a STRUCT are not added to here."""
    return old == new


def with_fields(table: Table, fields: Sequence[Field]) -> Table:
    """The table with its columns and more at the end, which are null in the rows it has."""
    fields = tuple(fields)
    if fields == table.fields:
        return table
    more = fields[len(table.fields) :]
    if not more or table.is_view:
        return table.but(fields=fields)
    nothing: Row = tuple([] if field.type.kind == "ARRAY" else None for field in more)
    rows = [row + nothing for row in table.rows]
    return table.but(fields=fields, rows=Rows.of([field.type for field in fields], rows))


def mismatch(table: Table, message: str) -> None:
    text = f"Provided Schema does not match Table {table.ref}. {message}"
    raise BigQueryError(text, 400, "invalid")
