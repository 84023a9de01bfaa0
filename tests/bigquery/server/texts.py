"""Values as text: the cells of REST answers, of CSV and JSON files and of query parameters.

Python objects as in values.py.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NoReturn

from tests.bigquery.server.errors import BigQueryError, not_implemented
from tests.bigquery.server.types import Type
from tests.bigquery.server.values import EPOCH, EXACT, SCALES

INT64 = range(-(2**63), 2**63)
# As the documentation of CSV loads lists them.
TRUE = {"1", "true", "t", "yes", "y"}
FALSE = {"0", "false", "f", "no", "n"}
CLOCK = r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,6}))?"
DAY = r"(\d{4})-(\d{1,2})-(\d{1,2})"
ZONE = r"\s*(Z|z|UTC|[+-]\d{1,2}(?::?\d{2})?)"


def cell(value: Any, type_: Type) -> Any:
    """The `v` of a REST row; timestamps in microseconds (formatOptions.useInt64Timestamp)."""
    kind = type_.kind
    if kind == "ARRAY" and type_.element:
        element = type_.element
        return [{"v": cell(item, element)} for item in value or []]
    if value is None:
        return None
    if kind == "STRUCT":
        members = zip(value, type_.members, strict=True)
        return {"f": [{"v": cell(item, member)} for item, (_, member) in members]}
    if kind == "BOOL":
        return "true" if value else "false"
    if kind == "TIMESTAMP":
        return str((value - EPOCH) // timedelta(microseconds=1))
    if kind == "BYTES":
        return base64.b64encode(value).decode()
    if kind in SCALES:
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if kind in ("DATE", "DATETIME", "TIME"):
        return value.isoformat()
    if kind == "FLOAT64":
        return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(repr(value), repr(value))
    if kind not in ("INT64", "STRING", "JSON"):
        not_implemented(f"{kind} in a REST answer")
    return str(value)


def parse(text: str, type_: Type) -> Any:
    """The value that a file's or a parameter's text is. Raises BigQueryError (invalid)."""
    try:
        return scalar(text, type_)
    except (ValueError, InvalidOperation, OverflowError) as error:
        message = f"Could not parse '{text}' as {type_.sql}"
        raise BigQueryError(message, 400, "invalid") from error


def scalar(text: str, type_: Type) -> Any:
    match type_.kind:
        case "STRING":
            return sized(text, type_)
        case "BYTES":
            return sized(base64.b64decode(text, validate=True), type_)
        case "INT64":
            if not re.fullmatch(r"\s*[+-]?\d+\s*", text) or int(text) not in INT64:
                raise ValueError(text)
            return int(text)
        case "FLOAT64":
            if "_" in text:
                raise ValueError(text)
            return float(text)
        case "BOOL":
            if text.lower() not in TRUE | FALSE:
                raise ValueError(text)
            return text.lower() in TRUE
        case "NUMERIC" | "BIGNUMERIC":
            return number(Decimal(text), type_)
        case "DATE":
            return date(*map(int, matched(DAY, text)))
        case "TIME":
            return clock(matched(CLOCK, text))
        case "DATETIME":
            parts = matched(rf"{DAY}(?:[ Tt]{CLOCK})?", text)
            return datetime.combine(date(*map(int, parts[:3])), clock(parts[3:]))
        case "TIMESTAMP":
            parts = matched(rf"{DAY}(?:[ Tt]{CLOCK})?(?:{ZONE})?", text)
            moment = datetime.combine(date(*map(int, parts[:3])), clock(parts[3:7]))
            return moment.replace(tzinfo=zone(parts[7])).astimezone(UTC)
        case "JSON":
            json.loads(text)
            return text
        case _:
            return not_implemented(f"{type_.sql} as text")


def number(value: Decimal, type_: Type) -> Decimal:
    """Rounded half away from zero to the type's scale. Raises ValueError where it does not fit."""
    if not value.is_finite():
        raise ValueError(value)
    precision, scale = (
        (*type_.parameters, 0)[:2] if type_.parameters else (None, SCALES[type_.kind])
    )
    limit = 10 ** (
        (precision - scale) if precision else {"NUMERIC": 29, "BIGNUMERIC": 38}[type_.kind]
    )
    if abs(value) >= limit:
        raise ValueError(value)
    return value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, EXACT)


def sized(value: Any, type_: Type) -> Any:
    if type_.parameters and len(value) > type_.parameters[0]:
        raise ValueError(f"longer than {type_.parameters[0]}")
    return value


def matched(pattern: str, text: str) -> tuple[str, ...]:
    found = re.fullmatch(pattern, text.strip())
    if not found:
        raise ValueError(text)
    return found.groups()


def clock(parts: tuple[str, ...]) -> time:
    hour, minute, second, fraction = (part or "0" for part in parts)
    return time(int(hour), int(minute), int(second), int(fraction.ljust(6, "0")))


def zone(name: str | None) -> timezone:
    if name is None or name in ("Z", "z", "UTC"):
        return UTC
    digits = name[1:].replace(":", "")
    hours, minutes = (digits, "0") if len(digits) <= 2 else (digits[:-2], digits[-2:])
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if name[0] == "-" else offset)


def from_json(value: Any, type_: Type, name: str) -> Any:
    """The value of a member of a newline-delimited JSON file, read with parse_float=Decimal."""
    kind = type_.kind
    if kind == "ARRAY" and type_.element:
        if not isinstance(value, list | None):
            mismatch(name, type_)
        if any(item is None for item in value or []):
            raise BigQueryError(
                f"Only optional fields can be set to NULL. Field: {name}", 400, "invalid"
            )
        return [from_json(item, type_.element, name) for item in value or []]
    if value is None:
        return None
    if kind == "STRUCT":
        if not isinstance(value, dict):
            mismatch(name, type_)
        by_name = {key.lower(): item for key, item in value.items()}
        if extra := set(by_name) - {member.lower() for member, _ in type_.members}:
            raise BigQueryError(f"No such field: {name}.{sorted(extra)[0]}.", 400, "invalid")
        return tuple(from_json(by_name.get(m.lower()), t, f"{name}.{m}") for m, t in type_.members)
    if kind == "JSON":
        return json.dumps(value, default=float)
    if isinstance(value, dict | list) or (isinstance(value, bool) and kind != "BOOL"):
        mismatch(name, type_)
    if kind == "TIMESTAMP" and isinstance(value, int | Decimal):
        return EPOCH + timedelta(microseconds=int(value * 1_000_000))
    return parse(str(value) if not isinstance(value, str) else value, type_)


def mismatch(name: str, type_: Type) -> NoReturn:
    raise BigQueryError(f"Could not convert value of field {name} to {type_.sql}", 400, "invalid")
