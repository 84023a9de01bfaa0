"""INSERT, UPDATE, DELETE and TRUNCATE, each reduced to a SELECT over the target with its rows'
numbers.

GoogleSQL's analyzer has the statement first, so types and names are checked as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.bigquery.server import trees
from tests.bigquery.server.dialect import Source
from tests.bigquery.server.errors import BigQueryError
from tests.bigquery.server.session import Session
from tests.bigquery.server.store import Table
from tests.bigquery.server.types import Field, Type, quoted
from tests.bigquery.server.values import Rows

ROW = Field("__row", Type("INT64"))
TARGET, NEW = "__target", "__new"


def target(session: Session, tree: Any) -> Table:
    """The table to change. Raises BigQueryError for a view."""
    table = session.table(session.ref(trees.names(tree.target_path)))
    if table.is_view:
        raise BigQueryError(f"Cannot perform DML over view {table.ref}")
    return table


def insert(session: Session, sql: str, tree: Any) -> tuple[Table, int]:
    """The table after it, and the number of rows added."""
    table = target(session, tree)
    columns = named(table, tree.column_list)
    if tree.query is not None:
        answer = session.select(trees.text(sql, tree.query))
        rows = converted(session, answer.fields, answer.rows, columns)
    else:
        values = [[trees.text(sql, value) for value in row.values] for row in tree.rows.rows]
        rows = literal_rows(session, values, columns)
    return added(table, columns, rows), len(rows)


def delete(session: Session, sql: str, tree: Any) -> tuple[Table, int]:
    table = target(session, tree)
    where = trees.text(sql, tree.where)
    query = f"select {ROW.name} from {TARGET} as {alias(tree, table)} where {where}"
    gone = {row[0] for row in session.select(query, [numbered(table)]).rows}
    kept = [index for index in range(len(table.rows)) if index not in gone]
    return table.but(rows=table.rows.take(kept)), len(gone)


def update(session: Session, sql: str, tree: Any) -> tuple[Table, int]:
    table = target(session, tree)
    columns, values = assignments(sql, table, tree.update_item_list)
    others = ""
    if tree.from_clause is not None:
        others = ", " + trees.text(sql, tree.from_clause.table_expression)
    query = (
        f"select {ROW.name}, {casts(values, columns)} "
        f"from {TARGET} as {alias(tree, table)}{others} where {trees.text(sql, tree.where)}"
    )
    changes = session.select(query, [numbered(table)]).rows.values
    once(row[0] for row in changes)
    return changed(table, columns, changes), len(changes)


def truncate(session: Session, _: str, tree: Any) -> tuple[Table, int]:
    table = target(session, tree)
    return table.but(rows=Rows.none()), len(table.rows)


# parts that MERGE has too


def alias(tree: Any, table: Table) -> str:
    return quoted(tree.alias.identifier.id_string if tree.alias else table.ref.table)


def numbered(table: Table) -> Source:
    """The target, each row with its number."""
    return Source(TARGET, (*table.fields, ROW), table.rows.numbered())


def named(table: Table, columns: Any) -> list[Field]:
    """The fields of a column list; all where there is none."""
    if columns is None:
        return list(table.fields)
    return [table.field(column.id_string) for column in columns.identifiers]


def assignments(sql: str, table: Table, items: Any) -> tuple[list[Field], list[str]]:
    """The columns of SET and the expressions for them."""
    columns, values = [], []
    for item in items.update_items:
        columns.append(table.field(trees.names(item.set_value.path)[-1]))
        values.append(trees.text(sql, item.set_value.value))
    return columns, values


def casts(values: Sequence[str], columns: Sequence[Field]) -> str:
    """A select list that gives each value its column's type."""
    given = ["null" if value.strip().lower() == "default" else value for value in values]
    return ", ".join(
        f"cast({value} as {column.type.sql}) as c{i}"
        for i, (value, column) in enumerate(zip(given, columns, strict=True))
    )


def literal_rows(
    session: Session, values: Sequence[Sequence[str]], columns: Sequence[Field]
) -> Rows:
    query = " union all ".join(f"select {casts(row, columns)}" for row in values)
    return session.select(query).rows


def converted(
    session: Session, fields: Sequence[Field], rows: Rows, columns: Sequence[Field]
) -> Rows:
    """The rows with the columns' types."""
    if [field.type for field in fields] == [column.type for column in columns]:
        return rows
    given = tuple(field.but(name=f"c{i}") for i, field in enumerate(fields))
    query = f"select {casts([f.name for f in given], columns)} from {NEW}"
    return session.select(query, [Source(NEW, given, rows)]).rows


def added(table: Table, columns: Sequence[Field], rows: Rows) -> Table:
    """The table with rows for some of its columns; null in the others."""
    if list(columns) != list(table.fields):
        places = {column.name: index for index, column in enumerate(columns)}
        order = [places.get(field.name) for field in table.fields]
        rows = Rows.of(
            [field.type for field in table.fields],
            [[None if i is None else row[i] for i in order] for row in rows],
        )
    return table.but(rows=table.rows.plus(stored(table.fields, rows)))


def changed(table: Table, columns: Sequence[Field], changes: Sequence[Sequence[Any]]) -> Table:
    """The table after (row, value of each column, …) for some rows."""
    rows = list(table.rows.values)
    places = [table.fields.index(column) for column in columns]
    for number, *values in changes:
        row = list(rows[number])
        for place, value in zip(places, values, strict=True):
            row[place] = value
        rows[number] = tuple(row)
    types = [field.type for field in table.fields]
    return table.but(rows=stored(table.fields, Rows.of(types, rows)))


def stored(fields: Sequence[Field], rows: Rows) -> Rows:
    """Rows as a table keeps them: an array is never null.

    Raises BigQueryError for null in a REQUIRED column.
    """
    arrays = {i for i, field in enumerate(fields) if field.type.kind == "ARRAY"}
    required = [i for i, field in enumerate(fields) if field.mode == "REQUIRED"]
    for i in required:
        if any(row[i] is None for row in rows):
            raise BigQueryError(f"Required field {fields[i].name} cannot be null", 400, "invalid")
    if arrays and any(row[i] is None for row in rows for i in arrays):
        filled = [
            [[] if value is None and i in arrays else value for i, value in enumerate(row)]
            for row in rows
        ]
        return Rows.of([field.type for field in fields], filled)
    return rows


def once(numbers: Any) -> None:
    """Raises BigQueryError where a row is to be changed twice."""
    seen = list(numbers)
    if len(set(seen)) < len(seen):
        raise BigQueryError("UPDATE/MERGE must match at most one source row for each target row")
