"""MERGE: one join finds the pairs, the clauses share them out, and each clause is one SELECT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.bigquery.server import trees
from tests.bigquery.server.dialect import Source
from tests.bigquery.server.dml import (
    ROW,
    TARGET,
    added,
    alias,
    assignments,
    casts,
    changed,
    named,
    numbered,
    once,
    target,
)
from tests.bigquery.server.session import Session
from tests.bigquery.server.store import Table
from tests.bigquery.server.types import Field, Type, quoted
from tests.bigquery.server.values import Rows

SOURCE, PAIRS = "__source", "__pairs"
SOURCE_ROW = Field("__source_row", Type("INT64"))
WHOLE = Type("INT64")


def merge(session: Session, sql: str, tree: Any) -> tuple[Table, int]:
    """The table after it, and the number of rows inserted, updated and deleted."""
    return Merge(session, sql, tree).run()


class Merge:
    """Row numbers: of the target `t`, of the source `s`."""

    def __init__(self, session: Session, sql: str, tree: Any) -> None:
        self.session, self.sql, self.tree = session, sql, tree
        self.table = target(session, tree)
        self.into = f"{TARGET} as {alias(tree, self.table)}"
        expression = tree.table_expression
        if trees.kind(expression) == "ASTTableSubquery":
            query = trees.text(sql, expression.subquery)
        else:
            start, end = trees.span(expression.path_expr)
            query = "select * from " + sql.encode()[start:end].decode()
        given = expression.alias
        self.using_name = quoted(
            given.identifier.id_string if given else trees.names(expression.path_expr)[-1]
        )
        self.using = f"{SOURCE} as {self.using_name}"
        answer = session.select(query)
        self.source_fields = answer.fields
        self.sources = [
            numbered(self.table),
            Source(SOURCE, (*answer.fields, SOURCE_ROW), answer.rows.numbered()),
        ]
        self.count = len(answer.rows)
        self.clauses = tree.when_clauses.clause_list

    def run(self) -> tuple[Table, int]:
        # ON FALSE, which dbt writes to append or to replace partitions, needs no join.
        condition = trees.text(self.sql, self.tree.merge_condition)
        never = condition.strip().lower() == "false"
        pairs = [] if never else self.matched(condition)
        hits = [pair for pair in pairs if pair[2] is not None]
        once(t for t, _, _ in hits)
        table, changes, gone = self.table, 0, set[int]()
        lonely = self.unmatched("NOT_MATCHED_BY_SOURCE", self.into, ROW, {t for t, _, _ in pairs})
        fresh = self.unmatched(
            "NOT_MATCHED_BY_TARGET", self.using, SOURCE_ROW, {s for _, s, _ in pairs}
        )
        for number, clause in enumerate(self.clauses):
            mine: list[tuple[int, int | None]] = [
                (t, s) for t, s, chosen in hits if chosen == number
            ]
            mine += [(t, None) for t, chosen in lonely if chosen == number]
            action = clause.action.action_type.name
            if action == "DELETE":
                gone |= {t for t, _ in mine}
            elif action == "UPDATE" and mine:
                table = self.updated(table, clause.action, mine)
            elif action == "INSERT":
                new = [s for s, chosen in fresh if chosen == number]
                table = self.inserted(table, clause.action, new) if new else table
                changes += len(new)
            changes += len(mine)
        if gone:
            # New rows are behind those that were there, so numbers still hold.
            kept = [index for index in range(len(table.rows)) if index not in gone]
            table = table.but(rows=table.rows.take(kept))
        return table, changes

    def choice(self, match: str) -> str:
        """The number of the first clause of a kind whose condition holds; null where none does."""
        cases = [
            f"when {self.condition(clause)} then {number}"
            for number, clause in enumerate(self.clauses)
            if match_type(clause) == match
        ]
        return f"case {' '.join(cases)} end" if cases else "cast(null as int64)"

    def condition(self, clause: Any) -> str:
        condition = clause.search_condition
        return trees.text(self.sql, condition) if condition is not None else "true"

    def matched(self, condition: str) -> list[tuple[int, int, int | None]]:
        """(t, s, clause) of all pairs that match."""
        query = (
            f"select {ROW.name}, {SOURCE_ROW.name}, {self.choice('MATCHED')} as chosen "
            f"from {self.into} inner join {self.using} on {condition}"
        )
        return [(t, s, chosen) for t, s, chosen in self.session.select(query, self.sources).rows]

    def unmatched(
        self, match: str, relation: str, row: Field, matched: set[int]
    ) -> list[tuple[int, int | None]]:
        """(row, clause) of the rows of one side that have no partner."""
        if not any(match_type(clause) == match for clause in self.clauses):
            return []
        query = f"select {row.name}, {self.choice(match)} as chosen from {relation}"
        answer = self.session.select(query, self.sources).rows
        return [(number, chosen) for number, chosen in answer if number not in matched]

    def updated(self, table: Table, action: Any, pairs: Sequence[tuple[int, int | None]]) -> Table:
        columns, values = assignments(self.sql, self.table, action.update_item_list)
        query = (
            f"select {PAIRS}.__t, {casts(values, columns)} from {PAIRS} "
            f"inner join {self.into} on {PAIRS}.__t = {alias(self.tree, self.table)}.{ROW.name} "
            f"left join {self.using} on {PAIRS}.__s = {self.using_name}.{SOURCE_ROW.name}"
        )
        changes = self.session.select(query, [*self.sources, self.pairs(pairs)]).rows.values
        return changed(table, columns, changes)

    def inserted(self, table: Table, action: Any, new: Sequence[int]) -> Table:
        columns = named(self.table, action.insert_column_list)
        if action.insert_row.values:
            values = [trees.text(self.sql, value) for value in action.insert_row.values]
        else:
            values = [quoted(field.name) for field in self.source_fields]
        query = f"select {casts(values, columns)} from {self.using}"
        if len(new) < self.count:
            query += f" inner join {PAIRS} on {PAIRS}.__s = {self.using_name}.{SOURCE_ROW.name}"
        chosen = self.pairs([(None, s) for s in new])
        rows = self.session.select(query, [*self.sources, chosen]).rows
        return added(table, columns, rows)

    def pairs(self, pairs: Sequence[tuple[int | None, int | None]]) -> Source:
        fields = (Field("__t", WHOLE), Field("__s", WHOLE))
        return Source(PAIRS, fields, Rows.of([WHOLE, WHOLE], pairs))


def match_type(clause: Any) -> str:
    name: str = clause.match_type.name
    return name if name in ("MATCHED", "NOT_MATCHED_BY_SOURCE") else "NOT_MATCHED_BY_TARGET"
