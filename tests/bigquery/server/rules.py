"""What BigQuery refuses and GoogleSQL's analyzer lets pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.bigquery.server import planner, trees
from tests.bigquery.server.errors import BigQueryError
from tests.bigquery.server.functions import FUNCTIONS

if TYPE_CHECKING:
    from tests.bigquery.server.session import Resolved

# Window functions that number or look up rows, whose windows have no frame.
WITHOUT_FRAME = {
    "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lead", "lag",
    "percentile_cont", "percentile_disc",
}  # fmt: skip


def check_syntax(tree: Any) -> None:
    """What the syntax tree alone shows: functions that BigQuery lacks, joins and orders."""
    own = {
        trees.names(node.name)[-1].lower()
        for node in trees.walk(tree)
        if trees.kind(node) == "ASTFunctionDeclaration"
    }
    for node in trees.walk(tree):
        if trees.kind(node) == "ASTFunctionCall":
            check_function(trees.names(node.function), own)
            check_order(node.order_by, "aggregate functions")
        elif trees.kind(node) == "ASTJoin":
            check_join(node)
        elif trees.kind(node) == "ASTAnalyticFunctionCall":
            check_window(node)


def check_function(path: tuple[str, ...], own: set[str]) -> None:
    name = ".".join(path).lower().removeprefix("safe.")
    if name not in FUNCTIONS and name not in own:
        raise BigQueryError(f"Function not found: {'.'.join(path)}")


def check_window(node: Any) -> None:
    """Nulls stay where they are by default where a window's frame is a RANGE, which it is unless
    ROWS says else.
    """
    window = node.window_spec
    frame = window.window_frame
    ranged = frame is None or frame.frame_unit.name == "RANGE"
    name = ".".join(trees.names(node.function.function)).lower().removeprefix("safe.")
    if ranged and name not in WITHOUT_FRAME:
        check_order(window.order_by, "RANGE clauses")


def check_order(order: Any, where: str) -> None:
    """Raises BigQueryError for NULLS LAST in ascending or NULLS FIRST in descending order."""
    for entry in order.ordering_expressions if order is not None else []:
        if entry.null_order is None:
            continue
        descending = getattr(entry.ordering_spec, "name", "") == "DESC"
        if bool(entry.null_order.nulls_first) == descending:
            raise BigQueryError(
                f"NULLS {'FIRST' if descending else 'LAST'} not supported with "
                f"{'descending' if descending else 'ascending'} sort order in {where}"
            )


def check_join(node: Any) -> None:
    """An outer join is hashed on an equality; BigQuery has no other way to run one."""
    side = getattr(node.join_type, "name", "")
    if side not in ("FULL", "LEFT", "RIGHT") or node.on_clause is None:
        return
    if not any(is_equality(part) for part in conjuncts(node.on_clause.expression)):
        raise BigQueryError(
            f"{side} OUTER JOIN cannot be used without a condition that is an equality of fields "
            "from both sides of the join."
        )


def conjuncts(expression: Any) -> list[Any]:
    if trees.kind(expression) == "ASTAndExpr":
        return [part for item in expression.conjuncts for part in conjuncts(item)]
    return [expression]


def is_equality(expression: Any) -> bool:
    if trees.kind(expression) != "ASTBinaryExpression":
        return False
    if getattr(expression.op, "name", "") not in ("EQ", "DISTINCT"):
        return False
    return all(has_column(side) for side in (expression.lhs, expression.rhs))


def has_column(expression: Any) -> bool:
    return any(trees.kind(node) == "ASTPathExpression" for node in trees.walk(expression))


def needs_analysis(resolved: Resolved) -> bool:
    """Whether the rules on analyzed queries may have something to say."""
    if any(table.require_partition_filter for table in resolved.tables.values()):
        return True
    return has_subquery(resolved.tree)


def check_query(resolved: Resolved, analyzed: Any) -> None:
    """What shows once names are known. Raises BigQueryError."""
    planner.check_partition_filters(analyzed, resolved.tables)
    if has_subquery(resolved.tree):
        planner.check_correlated(analyzed)


def has_subquery(tree: Any) -> bool:
    return any(trees.kind(node) == "ASTExpressionSubquery" for node in trees.walk(tree))
