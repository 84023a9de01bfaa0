"""How values stand in a CSV file that others open in a spreadsheet."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_cell(value: Any) -> Any:
    """A cell as it stands in a CSV file: numbers in full, texts that no spreadsheet computes."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Decimal):
        return digits(value)
    text = value if isinstance(value, str) else as_text(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def digits(value: Decimal) -> str:
    """All its digits, without an exponent and without zeros at the end."""
    if not value.is_finite():
        return "null"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def as_text(value: Any) -> str:
    """Dates and times in ISO 8601, anything else as Python prints it."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)
