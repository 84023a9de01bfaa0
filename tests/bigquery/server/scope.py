"""What a statement mentions: aliases, functions, columns."""

from __future__ import annotations

from typing import Any

from tests.bigquery.server import trees
from tests.bigquery.server.errors import BigQueryError
from tests.bigquery.server.types import Field

FULL = 3  # the parts of a table's name: project, dataset, table


def aliases(tree: Any) -> set[str]:
    """The names, in lower case, that a FROM may mean other than a table of a dataset."""
    found: set[str] = set()
    for node in trees.walk(tree):
        kind = trees.kind(node)
        if kind in ("ASTWithClauseEntry", "ASTAliasedQuery") and getattr(node, "alias", None):
            found.add(node.alias.id_string.lower())
        elif kind == "ASTAlias":
            found.add(node.identifier.id_string.lower())
        elif kind == "ASTTablePathExpression" and node.path_expr is not None and not node.alias:
            path = trees.names(node.path_expr)
            if len(path) > 1:
                found.add(path[-1].lower())
    return found


def calls(tree: Any) -> set[str]:
    """The names of the functions that a statement calls, in lower case."""
    return {
        ".".join(trees.names(node.function)).lower()
        for node in trees.walk(tree)
        if trees.kind(node) == "ASTFunctionCall"
    }


def columns(tree: Any) -> set[str]:
    """The last names of all paths in a statement, in upper case."""
    return {
        trees.names(node)[-1].upper()
        for node in trees.walk(tree)
        if trees.kind(node) == "ASTPathExpression"
    }


def ends_in_limit_0(tree: Any) -> bool:
    """Whether a query's last word is LIMIT 0."""
    query = getattr(tree, "query", None)
    limit = getattr(getattr(query, "limit_offset", None), "limit", None)
    number: Any = getattr(limit, "expression", None)
    return trees.kind(number) == "ASTIntLiteral" and number.image == "0"


def whole_subqueries(tree: Any) -> list[Any]:
    """The outermost subqueries of a FROM that have a WITH and name tables in full: a model, which
    dbt puts into a query of its columns, into CREATE TABLE, and into two statements a unit test.
    """
    found: list[Any] = []
    for node in trees.walk(tree):
        query = node.subquery if trees.kind(node) == "ASTTableSubquery" else None
        if query is None or query.with_clause is None or not stands_alone(query):
            continue
        if not any(start <= trees.span(query)[0] < end for start, end in map(trees.span, found)):
            found.append(query)
    return found


def stands_alone(query: Any) -> bool:
    """Whether it means the same outside of its statement: it reads nothing that is named there."""
    own = aliases(query)
    paths = [
        trees.names(node.path_expr)
        for node in trees.walk(query)
        if trees.kind(node) == "ASTTablePathExpression" and node.path_expr is not None
    ]
    return all(len(path) == FULL or path[0].lower() in own for path in paths)


def unique(fields: list[Field]) -> list[Field]:
    """Raises BigQueryError for two columns of one name."""
    lower = [field.name.lower() for field in fields]
    twice = sorted({name for name in lower if lower.count(name) > 1})
    if twice:
        raise BigQueryError(
            "Duplicate column names in the result are not supported when a destination table is "
            f"present. Found duplicate(s): {', '.join(twice)}"
        )
    return fields
