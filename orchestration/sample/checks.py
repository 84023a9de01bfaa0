"""One expected figure: a SQL expression over one published table, and what it must give."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from orchestration.sample.truth_shares import rounded


@dataclass(frozen=True)
class Check:
    """`select <expression> from <table> where <where>` must give `value`, as text; None is null."""

    table: str
    where: str
    expression: str
    value: str | None


def text(value: Any) -> str | None:
    """A figure as plain text: exact, without an exponent or trailing zeros."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Fraction):
        value = rounded(value)
    number = Decimal(value)
    plain = f"{number:f}"
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0"


def month_is(column: str, month: str) -> str:
    """A condition on a month such as 2026-09, for a date column."""
    return f"strftime({column}, '%Y-%m') = '{month}'"


def ratio(part: Any, whole: Any) -> str | None:
    """A quotient at nine decimals, as `round(…, 9)` of the marts' doubles; null over nothing."""
    return text(rounded(Fraction(part) / Fraction(whole), 9)) if whole else None
