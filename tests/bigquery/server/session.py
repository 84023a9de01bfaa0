"""A script's view of the store: names to tables, queries to rows.

The executor takes rows for tables that are one identifier, so `project`.`dataset`.`table` becomes
`table.1`, with the table's own name as alias where the query gives none. The same statement in
another dataset is then the same for GoogleSQL, whose answer is kept.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.bigquery.server import googlesql, information_schema, polyfills, rules, trees
from tests.bigquery.server.dialect import PSEUDO, Constant, Source
from tests.bigquery.server.errors import BigQueryError, not_found, not_implemented
from tests.bigquery.server.scope import (
    aliases,
    calls,
    columns,
    ends_in_limit_0,
    unique,
    whole_subqueries,
)
from tests.bigquery.server.store import Ref, Store, Table
from tests.bigquery.server.trees import Edit
from tests.bigquery.server.types import Field, Type, quoted
from tests.bigquery.server.values import Rows

BY_ARRIVAL = tuple(Field(name, Type(kind)) for name, kind in PSEUDO)
TEMPORARY = "_temporary"  # the dataset of a script's own tables
CREATED = "__created"  # what CREATE TABLE makes
FRESH = {
    "current_timestamp", "current_date", "current_datetime", "current_time", "rand",
    "generate_uuid", "session_user",
}  # fmt: skip
# A resolved query that is all of one table.
WHOLE_TABLE = re.compile(r"(?i)\s*select\s+\*\s+from\s+`([^`]+)`(?:\s+as\s+(?:`[^`]+`|\w+))?\s*")
# The same of a subquery that stands for itself (`without_subqueries`), or its columns by name.
WHOLE_SUBQUERY = re.compile(
    r"(?i)\s*select\s+(\*|[\w`,\s]+?)\s+from\s*"
    r"\(\s*select \* from __subquery_1\s*\)\s*(?:as\s+)?\w+\s*"
)


@dataclass(frozen=True)
class Answer:
    """A query's columns, its rows, and the tables it read, views and what is below them."""

    fields: list[Field]
    rows: Rows
    read: Mapping[Ref, Table]
    lasting: bool  # whether another run on the same tables answers the same


# What a view answered, as long as the tables below it are the same objects.
VIEW_ANSWERS: weakref.WeakKeyDictionary[Table, Answer] = weakref.WeakKeyDictionary()


@dataclass
class Resolved:
    """A statement whose tables are single identifiers."""

    sql: str
    tables: dict[str, Table] = field(default_factory=dict)  # by identifier
    made: dict[str, Source] = field(default_factory=dict)  # those that are computed
    tree: Any = None

    def name(self, table: Table) -> str:
        """Its identifier: no name that a query gives has a dot."""
        for name, known in self.tables.items():
            if known is table:
                return name
        name = f"table.{len(self.tables) + 1}"
        self.tables[name] = table
        return name

    def explained(self, error: BigQueryError) -> BigQueryError:
        """GoogleSQL's objection with the tables' names as BigQuery writes them."""
        message = re.sub(r" \[at \d+:\d+\]$", "", str(error))
        message = re.sub(r"\btable\.\d+\b", self._written, message)
        return BigQueryError(message, error.code, error.reason)

    def _written(self, name: re.Match[str]) -> str:
        table = self.tables.get(name[0])
        return table.ref.path if table else name[0]


@dataclass
class Session:
    """`pending` holds what a transaction has changed and not committed (None: dropped)."""

    store: Store
    project: str
    dataset: str | None = None
    user: str = "tests@example.com"
    constants: dict[str, Constant] = field(default_factory=dict)
    pending: dict[Ref, Table | None] | None = None
    temporary: dict[Ref, Table] = field(default_factory=dict)
    referenced: set[Ref] = field(default_factory=set)  # all that was read, views and below them

    # tables by name

    def ref(self, path: Sequence[str]) -> Ref:
        """Raises BigQueryError where the path names no table."""
        if len(path) == 1:
            own = Ref(self.project, TEMPORARY, path[0])
            if own in self.temporary:
                return own
            if not self.dataset:
                raise BigQueryError(
                    f'Table "{path[0]}" must be qualified with a dataset (e.g. dataset.table).'
                )
            return Ref(self.project, self.dataset, path[0])
        if len(path) == 2:
            return Ref(self.project, *path)
        if len(path) == 3:
            return Ref(*path)
        raise BigQueryError(f"Invalid table name: {'.'.join(path)}")

    def has(self, ref: Ref) -> bool:
        if ref in self.temporary:
            return True
        if self.pending is not None and ref in self.pending:
            return self.pending[ref] is not None
        return ref in self.store.tables

    def table(self, ref: Ref) -> Table:
        """Raises BigQueryError 404."""
        if ref in self.temporary:
            return self.temporary[ref]
        if self.pending is not None and ref in self.pending:
            found = self.pending[ref]
            if found is None:
                raise not_found(f"Table {ref} was not found in location US")
            return found
        return self.store.table(ref)

    def put(self, table: Table) -> None:
        if table.ref in self.temporary:
            self.temporary[table.ref] = table
            return
        if self.pending is not None:
            self.pending[table.ref] = table
            return
        with self.store.lock:
            self.store.put(table)
            self.store.commit()

    def drop(self, ref: Ref) -> None:
        if self.pending is not None:
            self.pending[ref] = None
            return
        with self.store.lock:
            self.store.drop(ref)
            self.store.commit()

    def commit(self) -> None:
        """End the transaction: all of its changes, in one."""
        with self.store.lock:
            for ref, table in (self.pending or {}).items():
                if table is not None:
                    self.store.put(table)
                elif ref in self.store.tables:
                    self.store.drop(ref)
            self.store.commit()
        self.pending = None

    @contextmanager
    def writing(self, ref: Ref) -> Iterator[None]:
        """While a statement reads and rewrites a table; statements on one table wait for one
        another.
        """
        with self.store.write_lock(ref):
            yield

    # statements to single identifiers

    def resolve(self, sql: str, extra: Sequence[Source] = ()) -> Resolved:
        """Raises BigQueryError: syntax, functions that BigQuery lacks, tables not found."""
        tree = googlesql.parse(sql)
        rules.check_syntax(tree)
        sql, tree = polyfills.applied(sql, tree, self)
        found = Resolved(sql, tree=tree)
        known = {source.name for source in extra}
        scope = aliases(tree)
        edits: list[Edit] = []
        for node in trees.walk(tree):
            kind = trees.kind(node)
            if kind == "ASTTablePathExpression" and node.path_expr is not None:
                edits += self._from(node, sql, found, scope, known)
            elif kind in DML and node.target_path is not None:
                edits.append(self._target(node, found))
            elif kind in ("ASTCloneDataSource", "ASTCopyDataSource"):
                table = self.table(self.ref(trees.names(node.path_expr)))
                edits.append(Edit(*trees.span(node.path_expr), quoted(found.name(table))))
            elif kind == "ASTCreateTableStatement":
                edits.append(Edit(*trees.span(node.name), CREATED))
                if node.like_table_name is None:
                    continue
                table = self.table(self.ref(trees.names(node.like_table_name)))
                edits.append(Edit(*trees.span(node.like_table_name), quoted(found.name(table))))
        found.sql = trees.splice(sql, edits)
        self.referenced |= {table.ref for table in found.tables.values()}
        return found

    def _from(
        self, node: Any, sql: str, found: Resolved, scope: set[str], known: set[str]
    ) -> list[Edit]:
        path = trees.names(node.path_expr)
        if path[0] in known or (len(path) == 1 and path[0].lower() in scope):
            return []
        alias = "" if node.alias else f" as {quoted(path[-1])}"
        made = information_schema.source(self, path)
        if made:
            found.made[made.name] = made
            return [Edit(*trees.span(node.path_expr), quoted(made.name) + alias)]
        if path[0].lower() in scope and not (len(path) > 1 and self.has(self.ref(path))):
            return []  # an array of a table in the same FROM
        table = self.table(self.ref(path))
        edits = []
        if node.for_system_time is not None:
            table = self.as_of(table, trees.text(sql, node.for_system_time.expression))
            edits.append(Edit(*trees.span(node.for_system_time), ""))
        return [*edits, Edit(*trees.span(node.path_expr), quoted(found.name(table)) + alias)]

    def _target(self, node: Any, found: Resolved) -> Edit:
        table = self.table(self.ref(trees.names(node.target_path)))
        takes_alias = trees.kind(node) not in ("ASTInsertStatement", "ASTTruncateStatement")
        alias = f" as {quoted(table.ref.table)}" if takes_alias and not node.alias else ""
        return Edit(*trees.span(node.target_path), quoted(found.name(table)) + alias)

    def as_of(self, table: Table, moment: str) -> Table:
        """The version at a moment.

        Raises BigQueryError; 501 where it was before the server started.
        """
        value = self.value(f"cast({moment} as timestamp)")
        if not isinstance(value, datetime):
            raise BigQueryError("FOR SYSTEM_TIME AS OF must not be NULL")
        return self.store.version(table.ref, int(value.timestamp() * 1000))

    # running

    def analyze(self, resolved: Resolved, extra: Sequence[Source] = ()) -> Any:
        """The resolved statement. Raises BigQueryError where GoogleSQL objects."""
        sources = [self._shape(name, table) for name, table in resolved.tables.items()]
        sources += [*resolved.made.values(), *extra]
        try:
            return googlesql.analyze(resolved.sql, sources, self.constants)
        except BigQueryError as error:
            raise resolved.explained(error) from error

    def check(self, sql: str) -> Resolved:
        """Raises BigQueryError for what the analyzer or the rules refuse in a statement."""
        resolved = self.resolve(sql)
        rules.check_query(resolved, self.analyze(resolved))
        return resolved

    def fields(self, sql: str) -> list[Field]:
        """A query's columns, without running it."""
        resolved = self.check(sql)
        return unique(googlesql.query_fields(self.analyze(resolved)))

    def select(self, sql: str, extra: Sequence[Source] = ()) -> Answer:
        """Run a query; `extra` are tables of its own that it may name. Raises BigQueryError."""
        sql, parts = self.without_subqueries(sql)
        if len(parts) == 1 and (all_of_it := all_columns(sql, *parts.values())):
            return all_of_it
        extra = (*extra, *(Source(n, tuple(a.fields), a.rows) for n, a in parts.items()))
        read = {ref: table for answer in parts.values() for ref, table in answer.read.items()}
        resolved = self.resolve(sql, extra)
        no_rows = ends_in_limit_0(resolved.tree)
        if no_rows or rules.needs_analysis(resolved):
            rules.check_query(resolved, self.analyze(resolved, extra))
        if no_rows:
            # dbt asks so for a query's columns; the executor would compute what the limit drops.
            fields = unique(googlesql.query_fields(self.analyze(resolved, extra)))
            read |= {table.ref: table for table in resolved.tables.values()}
            rows = Rows.of([field.type for field in fields], [])
            return Answer(fields, rows, read, lasting=False)
        sources = [*resolved.made.values(), *extra]
        fresh = bool(calls(resolved.tree) & FRESH)
        lasting = not resolved.made and not fresh
        for name, table in resolved.tables.items():
            read[table.ref] = table
            if table.is_view:
                answer = self.view(table)
                read |= answer.read
                self.referenced |= set(answer.read)
                lasting = lasting and answer.lasting
                sources.append(Source(name, tuple(answer.fields), answer.rows))
            else:
                sources.append(self._filled(name, table, resolved))
        whole = WHOLE_TABLE.fullmatch(resolved.sql)
        if whole and [source.name for source in sources] == [whole[1]]:
            # The executor would hand back the rows that it was given.
            (source,) = sources
            fields = [Field(field.name, field.type.plain) for field in source.fields]
            return Answer(fields, source.rows or Rows.none(), read, lasting)
        try:
            fields, rows = googlesql.execute(
                resolved.sql, sources, self.constants, lasting=not fresh
            )
        except BigQueryError as error:
            raise resolved.explained(error) from error
        return Answer(unique(fields), rows, read, lasting)

    def without_subqueries(self, sql: str) -> tuple[str, dict[str, Answer]]:
        """The query with a table's name in place of each subquery that stands for itself, and what
        those answer, which is kept for the next statement that has them too. One that fails, or
        depends on the clock, stays where it is.
        """
        edits: list[Edit] = []
        made: dict[str, Answer] = {}
        for query in whole_subqueries(googlesql.parse(sql)):
            with suppress(BigQueryError):
                answer = self.select(trees.text(sql, query))
                if answer.lasting and all(field.named for field in answer.fields):
                    name = f"__subquery_{len(made) + 1}"
                    made[name] = answer
                    edits.append(Edit(*trees.span(query), f"select * from {name}"))
        return trees.splice(sql, edits) if edits else sql, made

    def value(self, expression: str) -> Any:
        """The value of an expression without columns."""
        return self.constant(expression).value

    def constant(self, expression: str, type_: str | None = None) -> Constant:
        """The value and type of an expression without columns; `type_` casts it."""
        sql = f"select cast({expression} as {type_})" if type_ else f"select {expression}"
        answer = self.select(sql)
        return Constant(answer.fields[0].type, answer.rows.values[0][0])

    def view(self, table: Table) -> Answer:
        """What a view answers now; kept until a table below it is another one."""
        kept = VIEW_ANSWERS.get(table)
        if kept and all(self.has(r) and self.table(r) is t for r, t in kept.read.items()):
            return kept
        answer = self.of_view(table).select(table.view_query or "")
        if answer.lasting:
            VIEW_ANSWERS[table] = answer
        return answer

    def of_view(self, view: Table) -> Session:
        """A view sees neither the script's variables nor its default dataset."""
        return Session(
            self.store,
            view.ref.project,
            user=self.user,
            pending=self.pending,
            referenced=self.referenced,
        )

    def _shape(self, name: str, table: Table) -> Source:
        if table.is_view:
            return Source(name, tuple(self.of_view(table).fields(table.view_query or "")))
        return Source(name, table.fields, None, self._pseudo(table))

    def _filled(self, name: str, table: Table, resolved: Resolved) -> Source:
        pseudo = self._pseudo(table)
        if pseudo and len(table.rows):
            # When a row arrived is not kept.
            if {field.name for field in pseudo} & columns(resolved.tree):
                not_implemented(f"_PARTITIONTIME of the rows in {table.ref}")
            pseudo = ()
        return Source(name, table.fields, table.rows, pseudo)

    def _pseudo(self, table: Table) -> tuple[Field, ...]:
        by_arrival = table.time_partitioning is not None and not table.time_partitioning.get(
            "field"
        )
        return BY_ARRIVAL if by_arrival else ()


def all_columns(sql: str, answer: Answer) -> Answer | None:
    """What a query answers that takes all columns of its only subquery, in order: that subquery's
    answer. CREATE TABLE with a contract is written so.
    """
    found = WHOLE_SUBQUERY.fullmatch(sql)
    if not found:
        return None
    names = [name.strip().strip("`") for name in found[1].split(",")]
    if names not in (["*"], [field.name for field in answer.fields]):
        return None
    fields = [Field(field.name, field.type.plain) for field in answer.fields]
    return Answer(fields, answer.rows, answer.read, answer.lasting)


DML = {
    "ASTInsertStatement", "ASTUpdateStatement", "ASTDeleteStatement", "ASTMergeStatement",
    "ASTTruncateStatement",
}  # fmt: skip
