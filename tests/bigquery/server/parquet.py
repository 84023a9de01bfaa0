"""Parquet as BigQuery's load jobs read it: which column types a file means, and its rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.bigquery.server.errors import BigQueryError
from tests.bigquery.server.types import Field, Type
from tests.bigquery.server.values import EXACT, SCALES

DECIMAL_TARGETS = ("NUMERIC", "BIGNUMERIC")
# (integer digits, scale) that a decimal type holds
DIGITS = {"NUMERIC": (29, 9), "BIGNUMERIC": (38, 38)}


def read(content: bytes) -> pa.Table:
    """Raises BigQueryError where the bytes are no Parquet file."""
    try:
        return pq.read_table(BytesIO(content))
    except (pa.ArrowInvalid, OSError) as error:
        message = f"Error while reading data, error message: Failed to read Parquet: {error}"
        raise BigQueryError(message, 400, "invalid") from error


def schema(table: pa.Table, decimal_targets: Sequence[str] = ()) -> tuple[Field, ...]:
    """The columns that a load without a schema makes of the file."""
    targets = decimal_targets or DECIMAL_TARGETS
    return tuple(
        Field(column.name, type_of(column.type, column.name, targets), mode_of(column))
        for column in table.schema
    )


def mode_of(column: pa.Field) -> str:
    return "NULLABLE" if column.nullable or pa.types.is_list(column.type) else "REQUIRED"


def type_of(arrow: pa.DataType, name: str, decimal_targets: Sequence[str]) -> Type:
    """Raises BigQueryError for a type that BigQuery does not load."""
    is_ = pa.types
    if is_.is_decimal(arrow):
        return Type(decimal_target(arrow, name, decimal_targets))
    if is_.is_timestamp(arrow) and arrow.unit != "ns":
        # isAdjustedToUTC, which Arrow keeps as the time zone.
        return Type("TIMESTAMP" if arrow.tz else "DATETIME")
    if is_.is_struct(arrow):
        inner = [arrow.field(i) for i in range(arrow.num_fields)]
        members = [(f.name, type_of(f.type, f"{name}.{f.name}", decimal_targets)) for f in inner]
        return Type("STRUCT", members=tuple(members))
    if is_.is_list(arrow) or is_.is_large_list(arrow):
        # As with parquetOptions.enableListInference; `check_options` refuses a load without it.
        return Type("ARRAY", type_of(arrow.value_type, name, decimal_targets))
    for holds, kind in (
        (is_.is_boolean, "BOOL"),
        (lambda given: is_.is_integer(given) and given != pa.uint64(), "INT64"),
        (is_.is_floating, "FLOAT64"),
        (is_.is_string, "STRING"),
        (is_.is_large_string, "STRING"),
        (is_.is_binary, "BYTES"),
        (is_.is_large_binary, "BYTES"),
        (is_.is_fixed_size_binary, "BYTES"),
        (is_.is_date, "DATE"),
        (is_.is_time, "TIME"),
    ):
        if holds(arrow):
            return Type(kind)
    raise BigQueryError(f"Unsupported Parquet type {arrow} of field {name}", 501, "notImplemented")


def decimal_target(arrow: pa.DataType, name: str, targets: Sequence[str]) -> str:
    """The first of NUMERIC, BIGNUMERIC, STRING that is asked for and holds (precision, scale)."""
    for target in ("NUMERIC", "BIGNUMERIC"):
        digits, scale = DIGITS[target]
        if target in targets and arrow.scale <= scale and arrow.precision - arrow.scale <= digits:
            return target
    if "STRING" in targets:
        return "STRING"
    raise BigQueryError(
        f"Decimal field {name} with precision {arrow.precision} and scale {arrow.scale} fits none "
        f"of {', '.join(targets)}",
        400,
        "invalid",
    )


def rows(table: pa.Table, fields: Sequence[Field]) -> list[list[Any]]:
    """The file's rows in the order of `fields`; a field that the file lacks is null.

    Raises BigQueryError where a column's type and the field's do not fit.
    """
    at = {name.lower(): index for index, name in enumerate(table.column_names)}
    columns: list[list[Any]] = []
    for field in fields:
        index = at.get(field.name.lower())
        if index is None:
            columns.append([None] * table.num_rows)
            continue
        column = table.column(index)
        convert = converter(column.type, field.type, field.name)
        columns.append([convert(value) for value in column.to_pylist()])
    return [list(row) for row in zip(*columns, strict=True)]


def converter(arrow: pa.DataType, to: Type, name: str) -> Callable[[Any], Any]:
    """Python value of Arrow -> value of the table; None stays None (an ARRAY's is empty)."""
    is_, kind = pa.types, to.kind
    if kind == "ARRAY" and to.element and (is_.is_list(arrow) or is_.is_large_list(arrow)):
        element = converter(arrow.value_type, to.element, name)
        return lambda value: [element(item) for item in value or []]
    if kind == "STRUCT" and is_.is_struct(arrow):
        parts = {arrow.field(i).name: arrow.field(i).type for i in range(arrow.num_fields)}
        if list(parts) == [member for member, _ in to.members]:
            convert = {m: converter(parts[m], t, f"{name}.{m}") for m, t in to.members}
            return nullable(lambda value: tuple(convert[m](value[m]) for m in convert))
    return nullable(scalar(arrow, kind, name))


def scalar(arrow: pa.DataType, kind: str, name: str) -> Callable[[Any], Any]:
    is_ = pa.types
    natural = "DECIMAL" if is_.is_decimal(arrow) else type_of(arrow, name, DECIMAL_TARGETS).kind
    match natural, kind:
        case "DECIMAL", "NUMERIC" | "BIGNUMERIC":
            return lambda value: rounded(value, SCALES[kind])
        case "DECIMAL", "STRING":
            return lambda value: format(value, "f")
        case "TIMESTAMP", "TIMESTAMP":
            return lambda value: value.astimezone(dt.UTC)
        case "DATETIME", "TIMESTAMP":
            # BigQuery's own exports write TIMESTAMP columns like this: the wall clock is UTC's.
            return lambda value: value.replace(tzinfo=dt.UTC)
        case _ if natural == kind:
            return lambda value: value
    raise BigQueryError(
        f"Error while reading data, error message: Parquet column '{name}' has type {arrow} which "
        f"does not match the target cpp_type {kind}",
        400,
        "invalid",
    )


def rounded(value: Decimal, scale: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, EXACT)


def nullable(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else convert(value)
