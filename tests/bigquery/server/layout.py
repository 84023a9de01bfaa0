"""PARTITION BY and CLUSTER BY of DDL, as the REST resource has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.bigquery.server import trees
from tests.bigquery.server.errors import BigQueryError
from tests.bigquery.server.types import Field

TRUNCATED = {
    "DATE": ("date_trunc", {"DAY", "MONTH", "YEAR"}),
    "DATETIME": ("datetime_trunc", {"HOUR", "DAY", "MONTH", "YEAR"}),
    "TIMESTAMP": ("timestamp_trunc", {"HOUR", "DAY", "MONTH", "YEAR"}),
}
EXPECTED = (
    "PARTITION BY expression must be DATE(<timestamp_column>), DATE(<datetime_column>), "
    "DATETIME_TRUNC(<datetime_column>, DAY/HOUR/MONTH/YEAR), a DATE column, "
    "TIMESTAMP_TRUNC(<timestamp_column>, DAY/HOUR/MONTH/YEAR), "
    "DATE_TRUNC(<date_column>, MONTH/YEAR), "
    "or RANGE_BUCKET(<int64_column>, GENERATE_ARRAY(<int64_value>, <int64_value>[, <int64_value>]))"
)


def layout(sql: str, tree: Any, fields: Sequence[Field]) -> dict[str, Any]:
    """The Table's members for its partitions and clusters. Raises BigQueryError."""
    found: dict[str, Any] = {}
    if getattr(tree, "partition_by", None) is not None:
        expressions = tree.partition_by.partitioning_expressions
        if len(expressions) != 1:
            raise BigQueryError("PARTITION BY supports exactly one expression")
        found |= partitioning(sql, expressions[0], fields)
    if getattr(tree, "cluster_by", None) is not None:
        paths = tree.cluster_by.clustering_expressions
        if any(trees.kind(path) != "ASTPathExpression" for path in paths):
            raise BigQueryError("CLUSTER BY takes the names of columns")
        found["clustering"] = tuple(column(path, fields).name for path in paths)
    return found


def partitioning(sql: str, expression: Any, fields: Sequence[Field]) -> dict[str, Any]:
    if trees.kind(expression) == "ASTPathExpression":
        if trees.names(expression)[-1].lower() == "_partitiondate":
            return {"time_partitioning": {"type": "DAY"}}
        field = column(expression, fields)
        if field.type.kind != "DATE":
            raise BigQueryError(EXPECTED)
        return {"time_partitioning": {"type": "DAY", "field": field.name}}
    if trees.kind(expression) != "ASTFunctionCall":
        raise BigQueryError(EXPECTED)
    name = trees.names(expression.function)[-1].lower()
    first, *rest = expression.arguments
    if trees.kind(first) != "ASTPathExpression":
        raise BigQueryError(EXPECTED)
    if trees.names(first)[-1].lower() in ("_partitiontime", "_partitiondate"):
        return {"time_partitioning": {"type": trees.text(sql, rest[0]).upper() if rest else "DAY"}}
    field = column(first, fields)
    kind = field.type.kind
    if name == "range_bucket" and kind == "INT64" and rest:
        start, end, interval = bounds(sql, rest[0])
        spread = {"start": start, "end": end, "interval": interval}
        return {"range_partitioning": {"field": field.name, "range": spread}}
    if name == "date" and kind in ("TIMESTAMP", "DATETIME") and not rest:
        return {"time_partitioning": {"type": "DAY", "field": field.name}}
    function, parts = TRUNCATED.get(kind, ("", set()))
    part = trees.text(sql, rest[0]).upper() if len(rest) == 1 else ""
    if name != function or part not in parts:
        raise BigQueryError(EXPECTED)
    return {"time_partitioning": {"type": part, "field": field.name}}


def bounds(sql: str, array: Any) -> tuple[str, str, str]:
    """The three numbers of GENERATE_ARRAY, as texts."""
    is_call = trees.kind(array) == "ASTFunctionCall"
    if not is_call or trees.names(array.function)[-1].lower() != "generate_array":
        raise BigQueryError(EXPECTED)
    numbers = [trees.text(sql, argument).replace(" ", "") for argument in array.arguments]
    if not all(number.lstrip("-").isdigit() for number in numbers):
        raise BigQueryError(EXPECTED)
    start, end, interval = [*numbers, "1"][:3]
    return start, end, interval


def column(path: Any, fields: Sequence[Field]) -> Field:
    """The field that a path names. Raises BigQueryError."""
    name = trees.names(path)[-1]
    for field in fields:
        if field.name.lower() == name.lower():
            return field
    raise BigQueryError(f"Unrecognized name: {name}")
