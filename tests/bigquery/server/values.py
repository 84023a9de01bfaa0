"""Values of GoogleSQL: as Python objects and in GoogleSQL's own protobuf encoding.

INT64 int, FLOAT64 float, BOOL bool, STRING and JSON str, BYTES bytes, NUMERIC and BIGNUMERIC
Decimal, DATE date, TIMESTAMP aware datetime (UTC), DATETIME naive datetime, TIME time, ARRAY list,
STRUCT tuple, NULL None. INTERVAL and GEOGRAPHY stay in GoogleSQL's encoding: bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import Any

from zetasql.wasi._pb2.zetasql.local_service.local_service_pb2 import TableContent
from zetasql.wasi._pb2.zetasql.public.value_pb2 import ValueProto

from tests.bigquery.server.types import Type

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_DAY = date(1970, 1, 1)
SCALES = {"NUMERIC": 9, "BIGNUMERIC": 38}
EXACT = Context(prec=80)  # the default keeps 28 digits, BIGNUMERIC has up to 77
PLAIN = {
    "INT64": "int64_value",
    "FLOAT64": "double_value",
    "BOOL": "bool_value",
    "STRING": "string_value",
    "BYTES": "bytes_value",
    "JSON": "json_value",
    "INTERVAL": "interval_value",
    "GEOGRAPHY": "geography_value",
}


EMPTY = b"\n\x00"  # a TableContent with a TableData of no rows


def decode(cell: ValueProto, type_: Type) -> Any:
    """The Python value of a cell."""
    held = cell.WhichOneof("value")
    if held is None:
        return None
    kind = type_.kind
    value = getattr(cell, held)
    if kind in PLAIN:
        return value
    if kind in SCALES:
        whole = Decimal(int.from_bytes(value, "little", signed=True))
        return whole.scaleb(-SCALES[kind], EXACT)
    if kind == "DATE":
        return FIRST_DAY + timedelta(days=value)
    if kind == "TIMESTAMP":
        return EPOCH + timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)
    if kind == "DATETIME":
        packed = value.bit_field_datetime_seconds
        day = (packed >> 26, packed >> 22 & 15, packed >> 17 & 31)
        return datetime(*day, *clock(packed & 0x1FFFF), value.nanos // 1000)
    if kind == "TIME":
        return time(*clock(value >> 30), (value & (1 << 30) - 1) // 1000)
    if kind == "ARRAY" and type_.element:
        return [decode(item, type_.element) for item in value.element]
    return tuple(
        decode(item, member) for item, (_, member) in zip(value.field, type_.members, strict=True)
    )


def encode(value: Any, type_: Type) -> ValueProto:
    """The cell of a Python value; an unset one for NULL."""
    cell = ValueProto()
    fill(cell, value, type_)
    return cell


def fill(cell: ValueProto, value: Any, type_: Type) -> None:
    if value is None:
        return
    kind = type_.kind
    if kind in PLAIN:
        setattr(cell, PLAIN[kind], value)
    elif kind in SCALES:
        setattr(cell, f"{kind.lower()}_value", scaled(value, SCALES[kind]))
    elif kind == "DATE":
        cell.date_value = (value - FIRST_DAY).days
    elif kind == "TIMESTAMP":
        since = value - EPOCH
        cell.timestamp_value.seconds = since.days * 86400 + since.seconds
        cell.timestamp_value.nanos = since.microseconds * 1000
    elif kind == "DATETIME":
        day = value.year << 26 | value.month << 22 | value.day << 17
        cell.datetime_value.bit_field_datetime_seconds = day | packed_clock(value)
        cell.datetime_value.nanos = value.microsecond * 1000
    elif kind == "TIME":
        cell.time_value = packed_clock(value) << 30 | value.microsecond * 1000
    elif kind == "ARRAY" and type_.element:
        cell.array_value.SetInParent()
        for item in value:
            fill(cell.array_value.element.add(), item, type_.element)
    else:
        cell.struct_value.SetInParent()
        for item, (_, member) in zip(value, type_.members, strict=True):
            fill(cell.struct_value.field.add(), item, member)


def clock(packed: int) -> tuple[int, int, int]:
    return packed >> 12 & 31, packed >> 6 & 63, packed & 63


def packed_clock(value: datetime | time) -> int:
    return value.hour << 12 | value.minute << 6 | value.second


def scaled(value: Decimal, scale: int) -> bytes:
    """The shortest little-endian two's complement of value × 10^scale.

    Raises ValueError where the value has more decimals: rounding is the caller's to do.
    """
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"not a number: {value}")
    shift = exponent + scale
    whole = int("".join(map(str, digits)))
    if shift < 0:
        whole, rest = divmod(whole, 10**-shift)
        if rest:
            raise ValueError(f"{value} has more than {scale} decimals")
    else:
        whole *= 10**shift
    whole = -whole if value.is_signed() else whole
    return whole.to_bytes((whole + (whole < 0)).bit_length() // 8 + 1, "little", signed=True)


class Rows:
    """The rows of a table, as Python tuples or encoded, whichever came first; the other is made
    once, when asked for.

    Never changed in place.
    """

    def __init__(
        self,
        types: Sequence[Type],
        values: list[tuple[Any, ...]] | None,
        encoded: bytes | None,
        count: int,
    ) -> None:
        self.types = tuple(type_.plain for type_ in types)
        self._values = values
        self._encoded = encoded
        self.count = count

    @classmethod
    def none(cls) -> Rows:
        return cls([], [], EMPTY, 0)

    @classmethod
    def of(cls, types: Sequence[Type], rows: Iterable[Sequence[Any]]) -> Rows:
        """Rows of Python values, one a column."""
        values = [tuple(row) for row in rows]
        return cls(types, values, None, len(values))

    @classmethod
    def from_proto(cls, types: Sequence[Type], content: TableContent) -> Rows:
        encoded = content.SerializeToString()
        return cls(types, None, encoded, len(content.table_data.row))

    @property
    def values(self) -> list[tuple[Any, ...]]:
        """The rows as Python tuples; not to be changed."""
        if self._values is None:
            content = TableContent.FromString(self._encoded or b"")
            columns = self.types
            self._values = [tuple(map(decode, row.cell, columns)) for row in content.table_data.row]
        return self._values

    @property
    def encoded(self) -> bytes:
        """A serialized TableContent."""
        if self._encoded is None:
            cells: list[Callable[[Any], bytes]] = [cell_bytes(type_) for type_ in self.types]
            body = b"".join(
                delimited(
                    1, b"".join([cell(value) for cell, value in zip(cells, row, strict=True)])
                )
                for row in self._values or []
            )
            self._encoded = delimited(1, body)
        return self._encoded

    def numbered(self) -> Rows:
        """The rows with one more column: their number, from 0."""
        content = TableContent.FromString(self.encoded)
        for number, row in enumerate(content.table_data.row):
            row.cell.add(int64_value=number)
        return Rows.from_proto([*self.types, Type("INT64")], content)

    def take(self, numbers: Sequence[int]) -> Rows:
        """Some of the rows."""
        if self._values is not None:
            return Rows.of(self.types, [self._values[number] for number in numbers])
        rows = TableContent.FromString(self.encoded).table_data.row
        content = TableContent()
        content.table_data.SetInParent()
        content.table_data.row.extend([rows[number] for number in numbers])
        return Rows.from_proto(self.types, content)

    def plus(self, others: Rows) -> Rows:
        """These rows and then the others: messages that follow one another are one message."""
        if not self.count:
            return others
        joined = self.encoded + others.encoded
        return Rows(self.types, None, joined, self.count + others.count)

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.values)

    def __getstate__(self) -> tuple[Any, ...]:
        return self.types, self.encoded, self.count

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.types, self._encoded, self.count = state
        self._values = None


def cell_bytes(type_: Type) -> Callable[[Any], bytes]:
    """A column's encoder, which remembers: columns repeat themselves."""
    known: dict[Any, bytes] = {}

    def encoded(value: Any) -> bytes:
        return delimited(1, encode(value, type_).SerializeToString())

    def remembered(value: Any) -> bytes:
        # 0.0 and -0.0, or two decimals of other scales, are one key; only the first pair differs in
        # its encoding.
        found = known.get(value)
        if found is None:
            found = known[value] = encoded(value)
        return found

    hashable = type_.kind not in ("ARRAY", "STRUCT", "FLOAT64")
    return remembered if hashable else encoded


def delimited(field: int, body: bytes) -> bytes:
    """A length-delimited protobuf field."""
    size, prefix = len(body), bytearray([field << 3 | 2])
    while size > 127:
        prefix.append(size & 127 | 128)
        size >>= 7
    prefix.append(size)
    return bytes(prefix) + body
