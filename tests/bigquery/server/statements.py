"""Run a statement or a script on the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.bigquery.server import alter, ddl, dml, googlesql, trees
from tests.bigquery.server.dialect import Constant
from tests.bigquery.server.errors import BigQueryError, not_implemented
from tests.bigquery.server.merge import merge
from tests.bigquery.server.script import HANDLERS, Script
from tests.bigquery.server.session import Session
from tests.bigquery.server.store import Ref, Store, Table
from tests.bigquery.server.types import Field
from tests.bigquery.server.values import Rows


@dataclass
class Result:
    """What a statement gave. `fields` and `rows` of a query; `affected_rows` of DML; the table that
    it wrote.
    """

    statement_type: str
    fields: list[Field] = field(default_factory=list)
    rows: Rows = field(default_factory=Rows.none)
    affected_rows: int | None = None
    destination: Ref | None = None
    referenced: frozenset[Ref] = frozenset()  # what it read, views and the tables below them


def run_script(
    store: Store,
    sql: str,
    project: str,
    default_dataset: str | None = None,
    parameters: Mapping[str, Constant] | Sequence[Constant] | None = None,
    dry_run: bool = False,
) -> Result:
    """The result of the last statement. Statements before one that fails stay done, as on BigQuery.

    Raises BigQueryError.
    """
    session = Session(store, project, default_dataset)
    if isinstance(parameters, Mapping):
        session.constants = {f"@{name.lower()}": value for name, value in parameters.items()}
    elif parameters:
        sql = named_parameters(sql)
        session.constants = {f"@_p{i}": value for i, value in enumerate(parameters, 1)}
    if is_one(sql):
        result = checked(session, sql) if dry_run else run(session, sql)
        return replace(result, referenced=frozenset(session.referenced))
    if dry_run:
        return Result("SCRIPT")
    last = Script(session, sql, run).run()
    result = last or Result("SCRIPT")
    return replace(result, statement_type="SCRIPT", referenced=frozenset(session.referenced))


def is_one(sql: str) -> bool:
    """Whether it is one statement and no script. Raises BigQueryError where it is neither."""
    try:
        return trees.kind(googlesql.parse(sql)) not in HANDLERS
    except BigQueryError:
        googlesql.parse_script(sql)
        return False


def run(session: Session, sql: str) -> Result:
    """One statement."""
    tree = googlesql.parse(sql)
    kind = trees.kind(tree)
    if kind == "ASTQueryStatement":
        answer = session.select(sql)
        return Result("SELECT", answer.fields, answer.rows)
    if kind in DML:
        return changed(session, sql, tree, kind)
    if kind == "ASTCreateTableStatement":
        return made(ddl.create_table(session, sql, tree))
    if kind in ("ASTCreateViewStatement", "ASTCreateMaterializedViewStatement"):
        return made(ddl.create_view(session, sql, tree))
    if kind == "ASTCreateSchemaStatement":
        return Result(ddl.create_schema(session, sql, tree))
    if kind in ("ASTDropStatement", "ASTDropMaterializedViewStatement"):
        return Result(ddl.drop(session, tree))
    if kind in (*alter.KINDS, "ASTAlterSchemaStatement"):
        return made(alter.alter(session, sql, tree))
    return not_implemented(kind.removeprefix("AST"))


def made(what: tuple[str, Ref | None]) -> Result:
    return Result(what[0], destination=what[1])


DML = {
    "ASTInsertStatement": ("INSERT", dml.insert),
    "ASTUpdateStatement": ("UPDATE", dml.update),
    "ASTDeleteStatement": ("DELETE", dml.delete),
    "ASTMergeStatement": ("MERGE", merge),
    "ASTTruncateStatement": ("TRUNCATE_TABLE", dml.truncate),
}


def changed(session: Session, sql: str, tree: Any, kind: str) -> Result:
    """DML: analyzed as a whole, then applied to the target, which nobody else changes meanwhile."""
    name, apply = DML[kind]
    session.check(sql)
    ref = session.ref(trees.names(tree.target_path))
    with session.writing(ref):
        table: Table
        table, count = apply(session, sql, tree)
        session.put(table)
    return Result(name, affected_rows=count, destination=ref)


def checked(session: Session, sql: str) -> Result:
    """A dry run: what the analyzer says, and nothing done."""
    tree = googlesql.parse(sql)
    kind = trees.kind(tree)
    if kind == "ASTQueryStatement":
        return Result("SELECT", session.fields(sql))
    if kind in DML:
        session.check(sql)
        return Result(DML[kind][0])
    if kind in CREATED:
        session.check(sql)
        return Result(CREATED[kind])
    return Result("DDL")


CREATED = {
    "ASTCreateTableStatement": "CREATE_TABLE",
    "ASTCreateViewStatement": "CREATE_VIEW",
    "ASTCreateMaterializedViewStatement": "CREATE_MATERIALIZED_VIEW",
}


def named_parameters(sql: str) -> str:
    """The script with @_p1, @_p2, … for its question marks."""
    edits = []
    for node in trees.walk(googlesql.parse_script(sql)):
        if trees.kind(node) == "ASTParameterExpr" and node.position:
            edits.append(trees.Edit(*trees.span(node), f"@_p{node.position}"))
    return trees.splice(sql, edits)
