"""What BigQuery's planner refuses in an analyzed query: scans of whole partitioned tables where
those are forbidden, and correlated subqueries that are no join."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.message import Message

from tests.bigquery.server.errors import BigQueryError
from tests.bigquery.server.store import Table

# Where a resolved statement holds its conditions.
CONDITIONS = ("filter_expr", "where_expr", "merge_expr", "join_expr")

UNREAD = {
    ("ResolvedInsertStmtProto", "table_scan"),
    ("ResolvedTruncateStmtProto", "table_scan"),
    ("ResolvedCreateTableStmtProto", "clone_from"),
    ("ResolvedCreateTableStmtProto", "copy_from"),
}


def check_partition_filters(analyzed: Message, tables: Mapping[str, Table]) -> None:
    """`tables` by the name that the statement has for them. Raises BigQueryError."""
    guarded = {name: t for name, t in tables.items() if t.require_partition_filter}
    if not guarded:
        return
    filtered = {column for part in conditions(analyzed) if (column := only_column(part))}
    for scan in nodes_read(analyzed):
        table = guarded.get(scan.table.name)
        wanted = (table.partition_column or "").lower() if table else None
        if table and not any(
            column.column_id in filtered
            for column in scan.parent.column_list
            if column.name.lower() == wanted
        ):
            raise BigQueryError(
                f"Cannot query over table '{table.ref.path}' without a filter over column(s) "
                f"'{table.partition_column}' that can be used for partition elimination"
            )


def nodes_read(message: Message) -> Iterator[Any]:
    """The scans that read rows: what INSERT adds to, TRUNCATE empties or CLONE copies is none."""
    if message.DESCRIPTOR.name == "ResolvedTableScanProto":
        yield message
    for field, value in message.ListFields():
        if field.message_type and (message.DESCRIPTOR.name, field.name) not in UNREAD:
            for item in (value,) if isinstance(value, Message) else value:
                yield from nodes_read(item)


def check_correlated(analyzed: Message) -> None:
    """A subquery that refers to the row outside must be one that a join can replace."""
    for subquery in nodes(analyzed, "ResolvedSubqueryExprProto"):
        if not subquery.parameter_list:
            continue
        body = subquery.subquery
        reads = any(True for _ in nodes(body, "ResolvedTableScanProto", "ResolvedWithRefScanProto"))
        if not reads:
            continue
        limited = any(True for _ in nodes(body, "ResolvedLimitOffsetScanProto"))
        if limited or not any(is_equality(part) for part in conditions(body)):
            raise BigQueryError(
                "Correlated subqueries that reference other tables are not supported unless they "
                "can be de-correlated, such as by transforming them into an efficient JOIN."
            )


def is_equality(condition: Message) -> bool:
    """Whether one side is of the row outside and the other is not."""
    call = function(condition)
    if call is None or not call.function.name.lower().endswith("$equal"):
        return False
    sides = [
        {ref.is_correlated for ref in nodes(argument, "ResolvedColumnRefProto")}
        for argument in call.argument_list
    ]
    return {True} in sides and {False} in sides


def conditions(message: Message) -> Iterator[Message]:
    """Every condition in it, split at AND."""
    for node in walk(message):
        for field, value in node.ListFields():
            if field.name in CONDITIONS:
                yield from split(value)


def split(condition: Message) -> Iterator[Message]:
    call = function(condition)
    if call is not None and call.function.name.lower().endswith("$and"):
        for argument in call.argument_list:
            yield from split(argument)
    else:
        yield condition


def only_column(condition: Message) -> int | None:
    """The id of the one column that a condition is about; None where there are none or several."""
    ids = {ref.column.column_id for ref in nodes(condition, "ResolvedColumnRefProto")}
    return ids.pop() if len(ids) == 1 else None


def function(expression: Message) -> Any:
    """The function call that an expression is; None where it is something else."""
    while "node" in expression.DESCRIPTOR.oneofs_by_name:
        held = expression.WhichOneof("node")
        if held is None:
            return None
        expression = getattr(expression, held)
    if expression.DESCRIPTOR.name != "ResolvedFunctionCallProto":
        return None
    return expression.parent


def nodes(message: Message, *kinds: str) -> Iterator[Any]:
    return (node for node in walk(message) if node.DESCRIPTOR.name in kinds)


def walk(message: Message) -> Iterator[Any]:
    """The message and all below it; they nest too deeply for calls of calls."""
    left = [message]
    while left:
        item = left.pop()
        yield item
        for field, value in item.ListFields():
            if field.message_type is not None:
                left.extend((value,) if isinstance(value, Message) else value)
