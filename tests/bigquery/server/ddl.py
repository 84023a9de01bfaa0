"""CREATE and DROP of tables, views and datasets."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from tests.bigquery.server import options, trees
from tests.bigquery.server.dialect import Source, type_of_proto
from tests.bigquery.server.dml import converted, stored
from tests.bigquery.server.errors import BigQueryError, already_exists, not_implemented
from tests.bigquery.server.layout import layout
from tests.bigquery.server.partitions import check_layout
from tests.bigquery.server.session import TEMPORARY, Answer, Session
from tests.bigquery.server.store import Dataset, Ref, Table
from tests.bigquery.server.types import Field, Type, quoted
from tests.bigquery.server.values import Rows

QUERY = "__query"
KEPT = (
    "time_partitioning", "range_partitioning", "clustering", "require_partition_filter",
    "description", "labels", "friendly_name", "primary_key",
)  # fmt: skip


def create_table(session: Session, sql: str, tree: Any) -> tuple[str, Ref]:
    """The kind of statement and the table. Raises BigQueryError."""
    temporary = tree.scope is not None and tree.scope.name == "TEMPORARY"
    ref = destination(session, tree, temporary)
    what = "CREATE_TABLE_AS_SELECT" if tree.query is not None else "CREATE_TABLE"
    old = before(session, tree, ref, "TABLE")
    if old is not None and tree.is_if_not_exists:
        return what, ref
    set_options = options.evaluated(session, sql, tree.options_list, options.TABLE)
    source = tree.clone_data_source or tree.copy_data_source
    if source is not None or tree.like_table_name is not None:
        session.analyze(session.resolve(sql))
        made = like(session, sql, tree, ref, source)
    else:
        answer = session.select(trees.text(sql, tree.query)) if tree.query is not None else None
        fields = defined(session, sql, tree, definition(session, sql, tree, answer))
        rows = Rows.none()
        if answer is not None:
            rows = stored(fields, converted(session, answer.fields, answer.rows, fields))
        made = Table(ref, fields, rows, primary_key=primary_key(tree))
    made = made.but(**layout(sql, tree, made.fields))
    made = check_layout(made.but(**options.table_changes(set_options, made.time_partitioning)))
    if old is not None:
        same_layout(old, made)
    if temporary:
        session.temporary[ref] = made
    else:
        session.put(made)
    return what, ref


def definition(session: Session, sql: str, tree: Any, answer: Answer | None) -> Any:
    """CREATE TABLE, analyzed: with a table of the same columns in place of its query, which has had
    its own analysis and is by far the longest part. Where that is refused, the whole statement is
    asked: a column may take a literal of the query and not a value of the literal's type.
    """
    if answer is not None:
        if tree.table_element_list is None and not all(field.named for field in answer.fields):
            raise BigQueryError("CREATE TABLE columns must be named")
        stand_in = Source(QUERY, tuple(answer.fields))
        query = trees.Edit(*trees.span(tree.query), f"select * from {QUERY}")
        short = session.resolve(trees.splice(sql, [query]), [stand_in])
        with suppress(BigQueryError):
            return session.analyze(short, [stand_in])
    return session.analyze(session.resolve(sql))


def like(session: Session, sql: str, tree: Any, ref: Ref, source: Any) -> Table:
    """A table shaped as another; with its rows for CLONE and COPY."""
    path = source.path_expr if source is not None else tree.like_table_name
    table = session.table(session.ref(trees.names(path)))
    if table.is_view:
        raise BigQueryError(f"{table.ref} is a {table.kind}, not a table")
    if source is not None and source.for_system_time is not None:
        table = session.as_of(table, trees.text(sql, source.for_system_time.expression))
    if source is not None and source.where_clause is not None:
        not_implemented("CLONE … WHERE")
    kept = {name: getattr(table, name) for name in KEPT}
    return Table(ref, table.fields, table.rows if source is not None else Rows.none(), **kept)


def create_view(session: Session, sql: str, tree: Any) -> tuple[str, Ref]:
    materialized = trees.kind(tree) == "ASTCreateMaterializedViewStatement"
    kind = "MATERIALIZED_VIEW" if materialized else "VIEW"
    if tree.scope is not None and tree.scope.name == "TEMPORARY":
        raise BigQueryError("CREATE TEMP VIEW is not supported")
    if tree.recursive:
        raise BigQueryError("CREATE RECURSIVE VIEW is not supported")
    ref = destination(session, tree, temporary=False)
    old = before(session, tree, ref, kind)
    if old is not None and tree.is_if_not_exists:
        return f"CREATE_{kind}", ref
    known = options.MATERIALIZED_VIEW if materialized else options.VIEW
    set_options = options.evaluated(session, sql, tree.options_list, known)
    query = trees.text(sql, tree.query)
    bare = Table(ref, (), kind=kind, view_query=query)
    fields = session.of_view(bare).fields(query)
    if tree.column_with_options_list is not None:
        query, fields = renamed(session, sql, tree.column_with_options_list, query, fields)
    made = replace(bare, fields=tuple(fields), view_query=query)
    made = made.but(**layout(sql, tree, made.fields))
    session.put(made.but(**options.table_changes(set_options, made.time_partitioning)))
    return f"CREATE_{kind}", ref


def renamed(
    session: Session, sql: str, columns: Any, query: str, fields: list[Field]
) -> tuple[str, list[Field]]:
    """The view's query and columns after its column list, with descriptions."""
    listed = columns.column_with_options
    if len(listed) != len(fields):
        raise BigQueryError(
            f"The number of columns in the column list ({len(listed)}) does not match "
            f"the query's ({len(fields)})"
        )
    found = []
    for field, entry in zip(fields, listed, strict=True):
        set_ = options.evaluated(session, sql, entry.options_list, options.COLUMN)
        name = entry.name.id_string
        found.append(field.but(name=name, description=set_.get("description")))
    if [field.name for field in found] != [field.name for field in fields]:
        pairs = zip(fields, found, strict=True)
        names = ", ".join(f"{quoted(old.name)} as {quoted(new.name)}" for old, new in pairs)
        query = f"select {names} from ({query})"
    return query, found


def create_schema(session: Session, sql: str, tree: Any) -> str:
    if tree.is_or_replace:
        raise BigQueryError("CREATE OR REPLACE SCHEMA is not supported")
    project, name = schema_key(session, tree.name)
    set_ = options.evaluated(session, sql, tree.options_list, options.SCHEMA)
    with session.store.lock:
        if (project, name) in session.store.datasets and tree.is_if_not_exists:
            return "CREATE_SCHEMA"
        session.store.create_dataset(Dataset(project, name, **options.schema_changes(set_)))
        session.store.commit()
    return "CREATE_SCHEMA"


def drop(session: Session, tree: Any) -> str:
    """DROP TABLE, VIEW, MATERIALIZED VIEW or SCHEMA."""
    is_materialized = trees.kind(tree) == "ASTDropMaterializedViewStatement"
    kind = "MATERIALIZED_VIEW" if is_materialized else tree.schema_object_kind.name[1:].upper()
    if kind == "SCHEMA":
        return drop_schema(session, tree)
    if kind not in ("TABLE", "VIEW", "MATERIALIZED_VIEW"):
        not_implemented(f"DROP {kind}")
    ref = session.ref(trees.names(tree.name))
    if ref in session.temporary and kind == "TABLE":
        del session.temporary[ref]
        return "DROP_TABLE"
    if not session.has(ref) and tree.is_if_exists:
        return f"DROP_{kind}"
    table = session.table(ref)
    if table.kind != kind:
        raise BigQueryError(f"Cannot drop {ref} as {kind}: its type is {table.kind}")
    session.drop(ref)
    return f"DROP_{kind}"


def drop_schema(session: Session, tree: Any) -> str:
    project, name = schema_key(session, tree.name)
    store = session.store
    with store.lock:
        if (project, name) not in store.datasets and tree.is_if_exists:
            return "DROP_SCHEMA"
        store.dataset(project, name)
        cascade = tree.drop_mode is not None and tree.drop_mode.name == "CASCADE"
        if store.tables_of(project, name) and not cascade:
            message = f"Dataset {project}:{name} is still in use"
            raise BigQueryError(message, 400, "resourceInUse")
        store.drop_dataset(project, name)
        store.commit()
    return "DROP_SCHEMA"


def schema_key(session: Session, path: Any) -> tuple[str, str]:
    parts = trees.names(path)
    return (parts[0], parts[1]) if len(parts) == 2 else (session.project, parts[0])


def destination(session: Session, tree: Any, temporary: bool) -> Ref:
    path = trees.names(tree.name)
    if not temporary:
        return session.ref(path)
    if len(path) != 1:
        raise BigQueryError("A temporary table has no dataset")
    return Ref(session.project, TEMPORARY, path[0])


def before(session: Session, tree: Any, ref: Ref, kind: str) -> Table | None:
    """What has the name already. Raises BigQueryError where that is in the way."""
    if ref.dataset == TEMPORARY:
        old = session.temporary.get(ref)
    else:
        session.store.dataset(ref.project, ref.dataset)
        old = session.table(ref) if session.has(ref) else None
    if old is None or tree.is_if_not_exists:
        return old
    if not tree.is_or_replace:
        raise already_exists(f"Table {ref}")
    if old.kind != kind:
        raise BigQueryError(f"{ref} is a {old.kind}: CREATE OR REPLACE {kind} cannot replace it")
    return old


def same_layout(old: Table, new: Table) -> None:
    """Raises BigQueryError: a replacement keeps partitions and clusters."""

    def spec(table: Table) -> Any:
        time = dict(table.time_partitioning or {})
        time.pop("expirationMs", None)
        return time, dict(table.range_partitioning or {})

    if spec(old) != spec(new):
        raise BigQueryError(
            "Cannot replace a table with a different partitioning spec. Instead, DROP the table, "
            f"and then recreate it. New partitioning spec is {spec(new)} "
            f"and existing spec is {spec(old)}"
        )
    if old.clustering != new.clustering:
        raise BigQueryError(
            "Cannot replace a table with a different clustering spec. Instead, DROP the table, "
            "and then recreate it."
        )


def defined(session: Session, sql: str, tree: Any, analyzed: Any) -> tuple[Field, ...]:
    """The columns of CREATE TABLE: types and NOT NULL from the analyzer, descriptions from the
    text.
    """
    described = {}
    for node in trees.walk(tree.table_element_list):
        if trees.kind(node) == "ASTColumnDefinition":
            check_column(node)
            entries = node.schema.options_list
            set_ = options.evaluated(session, sql, entries, options.COLUMN)
            described[node.name.id_string.lower()] = set_.get("description")
    columns = attribute(analyzed, "column_definition_list")
    fields = tuple(
        Field(
            column.name,
            parameterized(column),
            "REQUIRED" if column.annotations.not_null else "NULLABLE",
            described.get(column.name.lower()),
        )
        for column in columns
    )
    check_names(fields)
    return fields


def check_column(node: Any) -> None:
    """Raises BigQueryError for what this server would drop in silence."""
    if node.schema.default_expression is not None:
        not_implemented("DEFAULT of a column")
    if node.schema.generated_column_info is not None:
        not_implemented("generated columns")


def check_names(fields: Sequence[Field]) -> None:
    for field in fields:
        if not field.name or field.name.startswith("$"):
            raise BigQueryError("CREATE TABLE columns must be named")


def parameterized(column: Any) -> Type:
    """The type of a column definition, with STRING(n) and NUMERIC(p, s).

    Raises BigQueryError 501 inside others.
    """
    type_ = type_of_proto(column.type)
    if any(has_parameters(child) for child in column.annotations.child_list):
        not_implemented("type parameters inside ARRAY or STRUCT")
    given = column.annotations.type_parameters
    if given.HasField("string_type_parameters"):
        return replace(type_, parameters=(given.string_type_parameters.max_length,))
    if given.HasField("numeric_type_parameters"):
        numeric = given.numeric_type_parameters
        return replace(type_, parameters=(numeric.precision, numeric.scale))
    return type_


def has_parameters(annotations: Any) -> bool:
    given = annotations.type_parameters
    return (
        given.HasField("string_type_parameters")
        or given.HasField("numeric_type_parameters")
        or any(has_parameters(child) for child in annotations.child_list)
    )


def primary_key(tree: Any) -> tuple[str, ...]:
    for node in trees.walk(tree.table_element_list):
        if trees.kind(node) == "ASTPrimaryKey":
            if node.enforced:
                raise BigQueryError("PRIMARY KEY must be NOT ENFORCED")
            return tuple(element.column.id_string for element in node.element_list.elements)
    return ()


def attribute(analyzed: Any, name: str) -> Any:
    """A member of a resolved statement, wherever in its parents it is."""
    while name not in analyzed.DESCRIPTOR.fields_by_name:
        if "node" in analyzed.DESCRIPTOR.oneofs_by_name:
            analyzed = getattr(analyzed, analyzed.WhichOneof("node"))
        else:
            analyzed = analyzed.parent
    return getattr(analyzed, name)
