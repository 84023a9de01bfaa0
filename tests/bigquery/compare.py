"""Two engines' published marts, as readers see them: names, column order, types and rows.

Rows are compared as exact multisets, without any tolerance. What is left out stands in `LEFT_OUT`,
each entry with its reason; the docs show that list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Row = tuple[Any, ...]

SHOWN = 3
"""Differing rows that are printed of one relation."""


@dataclass(frozen=True)
class LeftOut:
    """A column that two runs cannot share. `where`: only in rows with these values."""

    relation: str
    column: str
    reason: str
    where: Mapping[str, str] = field(default_factory=dict)


_ISSUED = "sha256 of the landed forecasts, which hold issued_at"

LEFT_OUT = (
    LeftOut("landing.loads", "loaded_at", "when the delivery landed"),
    LeftOut("landing.loads", "load_id", _ISSUED, {"dataset": "forecasts"}),
    LeftOut("landing.loads", "content_sha256", _ISSUED, {"dataset": "forecasts"}),
    LeftOut("landing.loads", "superseded_by", _ISSUED, {"dataset": "forecasts"}),
    LeftOut("cost_ledger.bill_versions", "loaded_at", "when the delivery landed"),
    LeftOut("reference.price_book", "known_from", "when the snapshot landed"),
    LeftOut("reference.price_book", "known_to", "when the next snapshot landed"),
    LeftOut("governance.data_quality_results", "run_at", "when the gate judged the delivery"),
    LeftOut("planning.forecasts", "issued_at", "when the forecast was issued"),
    LeftOut("publish_log", "publish_id", "the time of the publish and a random part"),
    LeftOut("publish_log", "published_at", "when it was published"),
)


@dataclass(frozen=True)
class Relation:
    """A public table or view: (name, logical type) of each column in order, and its rows."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Marts:
    """All public relations of one engine by `layer.name`."""

    engine: str
    relations: Mapping[str, Relation]


def plain(value: Any) -> Any:
    """A value in the form that both engines share: times naive UTC, floats by all their digits.

    repr() of a float is exact and tells -0.0 from 0.0 and equates NaN with NaN.
    """
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, Decimal) and value.is_zero():
        return Decimal(0)
    return value


def comparable(name: str, relation: Relation) -> list[Row]:
    """The relation's rows in plain values, what is left out replaced by a mark."""
    names = [column for column, _ in relation.columns]
    rules = [
        (names.index(rule.column), [(names.index(key), value) for key, value in rule.where.items()])
        for rule in LEFT_OUT
        if rule.relation == name and {rule.column, *rule.where} <= set(names)
    ]
    rows = []
    for row in relation.rows:
        values = [plain(value) for value in row]
        for position, conditions in rules:
            # Whether there is a value at all is compared.
            if values[position] is not None and all(row[at] == value for at, value in conditions):
                values[position] = "(left out)"
        rows.append(tuple(values))
    return rows


def differences(expected: Marts, actual: Marts) -> list[str]:
    """One readable text for each relation that differs; [] where the marts are equal."""
    found = []
    for name in sorted({*expected.relations, *actual.relations}):
        if name not in actual.relations:
            found.append(f"{name}: only on {expected.engine}")
        elif name not in expected.relations:
            found.append(f"{name}: only on {actual.engine}")
        else:
            one, other = expected.relations[name], actual.relations[name]
            text = compare_columns(one, other) or compare_rows(
                [column for column, _ in one.columns],
                comparable(name, one),
                comparable(name, other),
            )
            if text:
                found.append(f"{name} ({expected.engine} → {actual.engine}): {text}")
    return found


def compare_columns(expected: Relation, actual: Relation) -> str:
    """The first column that differs in place, name or type; '' where all agree."""
    if expected.columns == actual.columns:
        return ""
    width = max(len(expected.columns), len(actual.columns))
    padded = [
        (*relation.columns, *[("nothing", "-")] * (width - len(relation.columns)))
        for relation in (expected, actual)
    ]
    for place, (one, other) in enumerate(zip(*padded, strict=True), start=1):
        if one != other:
            return f"column {place} is {one[0]} ({one[1]}) → {other[0]} ({other[1]})"
    return ""


def compare_rows(names: list[str], expected: Iterable[Row], actual: Iterable[Row]) -> str:
    """What differs between two multisets of rows, the first rows cell by cell; '' where equal."""
    one, other = Counter(expected), Counter(actual)
    missing, surplus = list((one - other).elements()), list((other - one).elements())
    if not missing and not surplus:
        return ""
    lines = [
        f"{one.total()} → {other.total()} rows; {len(missing)} missing, {len(surplus)} surplus"
    ]
    unpaired = list(surplus)
    for row in missing[:SHOWN]:
        nearest = max(unpaired, key=lambda candidate: _alike(row, candidate), default=None)
        if nearest is None or 2 * _alike(row, nearest) < len(row):
            lines.append(f"  missing {_shown(names, row)}")
            continue
        unpaired.remove(nearest)
        cells = [
            f"{name}: {left!r} → {right!r}"
            for name, left, right in zip(names, row, nearest, strict=True)
            if not _same(left, right)
        ]
        lines.append(f"  row {_shown(names, row, limit=3)}: {'; '.join(cells)}")
    if not missing:
        lines += [f"  surplus {_shown(names, row)}" for row in surplus[:SHOWN]]
    return "\n".join(lines)


def _same(left: Any, right: Any) -> bool:
    return left is right or left == right


def _alike(row: Row, other: Row) -> int:
    return sum(_same(left, right) for left, right in zip(row, other, strict=True))


def _shown(names: list[str], row: Row, limit: int = 99) -> str:
    """The first values that are not null."""
    known = [f"{name}={value}" for name, value in zip(names, row, strict=True) if value is not None]
    return ", ".join(known[:limit])
