"""A page of a report becomes rows: allow-listed fields, checked, as exact text.

Fields that are not known are ignored; a missing required one is refused by its name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

from orchestration.errors import RefusedError
from orchestration.landing.api.vendor import Report, Vendor
from orchestration.landing.datasets.base import BIGINT, BOOL, MONEY, TEXT

Values = tuple[str, ...]
"""The landed columns' texts in the dataset's order; empty: null."""

_SMALLEST = Decimal(1).scaleb(-18)
_EXACT = Context(prec=80)
_NOT_A_DIMENSION = ("result_id", "report", "provider", "quantity_unit", "amount_unit")


@dataclass(frozen=True)
class Row:
    """One result of a bucket."""

    start: datetime
    values: Values


class PageReader:
    """Reads the pages of one file, or of one report's window; a page that comes again is refused.

    Args:
        where: file or source, for errors.
        report: the report that was asked for; None: each result says which.
        window: the time that was asked for, its end not included.
        hashed: what makes a person's id unreadable, or leaves it.
    """

    def __init__(
        self,
        vendor: Vendor,
        where: str,
        report: Report | None = None,
        window: tuple[datetime, datetime] | None = None,
        hashed: Callable[[str], str] = lambda user: user,
    ) -> None:
        self.vendor = vendor
        self.where = where
        self.report = report
        self.window = window
        self.hashed = hashed
        self._seen: set[str] = set()
        self._buckets: set[datetime] = set()
        self._lists_empty = False

    @property
    def progress(self) -> int:
        """Buckets and results so far: a page that leaves it unchanged brought nothing new."""
        return len(self._buckets) + len(self._seen)

    def left_out(self, days: Iterable[date]) -> list[date]:
        """The days of which no bucket came, if empty ones do come: then none may be missing."""
        came = {start.date() for start in self._buckets}
        return [day for day in days if day not in came] if self._lists_empty else []

    def rows(self, page: Any) -> Iterator[Row]:
        """The rows of a page.

        Raises:
            RefusedError: it is no page, a required field is missing, or it came before.
        """
        if not isinstance(page, dict):
            raise self._refused("the answer is no page of a report")
        for name, kind in (("data", list), ("has_more", bool)):
            if not isinstance(page.get(name), kind):
                raise self._refused(f"the page has no field '{name}'", page)
        came: dict[str, int] = {}
        for bucket in page["data"]:
            yield from self._bucket(bucket, came)
        repeated = self._seen & came.keys()
        if repeated:
            raise self._refused(
                "a page repeats results of a former page: they would count twice",
            )
        self._seen |= came.keys()

    def _bucket(self, bucket: Any, came: dict[str, int]) -> Iterator[Row]:
        if not isinstance(bucket, dict):
            raise self._refused("'data' holds something that is no bucket")
        times = []
        for name in self.vendor.bounds:
            if bucket.get(name) is None:
                raise self._refused(f"a bucket has no field '{name}'")
            try:
                times.append(self.vendor.read_time(bucket[name]))
            except (ValueError, TypeError, OverflowError):
                shown = json.dumps(bucket[name], default=str)[:60]
                raise self._refused(f"'{name}' of a bucket is no time: {shown}") from None
        start, end = times
        if not start < end <= start + timedelta(days=1):
            raise self._refused(f"the bucket of {start:%Y-%m-%d} ends at {end:%Y-%m-%d %H:%M}")
        if self.window is not None and not self.window[0] <= start < self.window[1]:
            first, last = self.window
            raise self._refused(
                f"the bucket of {start:%Y-%m-%d} was not asked for (asked: {first:%Y-%m-%d} "
                f"until {last:%Y-%m-%d})"
            )
        self._buckets.add(start)
        if not isinstance(bucket.get("results"), list):
            raise self._refused(f"the bucket of {start:%Y-%m-%d} has no field 'results'")
        self._lists_empty |= not bucket["results"]
        for result in bucket["results"]:
            yield Row(start, self._values(result, start, end, came))

    def _values(self, result: Any, start: datetime, end: datetime, came: dict[str, int]) -> Values:
        day = f"{start:%Y-%m-%d}"
        if not isinstance(result, dict):
            raise self._refused(f"a result of {day} is no object")
        report = self._report_of(result, day)
        for field in report.required:
            if _at(result, tuple(field.split("."))) is None:
                raise self._refused(f"the field '{field}' is missing in a result of {day}", report)
        vendor = self.vendor
        found = {
            column: self._text(
                report, column, kind, _at(result, vendor.paths.get(column, (column,)))
            )
            for column, kind in vendor.dataset.columns.items()
        }
        for column in vendor.users:
            found[column] = self.hashed(found[column]) if found[column] else ""
        opening, closing = vendor.bounds
        amount, unit, currency = vendor.amount
        found |= {
            "report": report.name,
            "provider": vendor.name,
            opening: f"{start:%Y-%m-%d %H:%M:%S}",
            closing: f"{end:%Y-%m-%d %H:%M:%S}",
            currency: found[currency].upper(),
            unit: vendor.unit(found[currency]) if found[amount] else "",
        }
        # Two results of one bucket may differ in a field that is not known here: both count.
        key = self._key(found)
        came[key] = came.get(key, 0) + 1
        found["result_id"] = hashlib.sha256(f"{key}:{came[key]}".encode()).hexdigest()[:32]
        return tuple(found[column] for column in vendor.dataset.columns)

    def _report_of(self, result: dict[str, Any], day: str) -> Report:
        stated = self.vendor.report_of(result)
        if self.report is not None and stated in (None, self.report.name):
            return self.report
        if self.report is not None:
            raise self._refused(f"a result of {day} is of the report '{stated}'", self.report)
        known = [report.name for report in self.vendor.reports]
        if stated not in known:
            kind = f"of the unknown report '{stated}'" if stated else "of no report that is known"
            raise self._refused(f"a result of {day} is {kind} (known: {', '.join(known)})")
        return self.vendor.report(stated)

    def _key(self, found: dict[str, str]) -> str:
        """What makes a result this one: report, start and every dimension."""
        parts = [found["report"], found[self.vendor.bounds[0]]]
        parts += [
            found[column]
            for column, kind in self.vendor.dataset.columns.items()
            if kind in (TEXT, BOOL) and column not in _NOT_A_DIMENSION
        ]
        return json.dumps(parts)

    def _text(self, report: Report, column: str, kind: str, value: Any) -> str:
        """A value as text that reads back exactly."""
        if value is None or column in self.vendor.bounds:
            return ""
        if isinstance(value, (dict, list)):
            raise self._refused(f"the field '{column}' is no plain value", report)
        if isinstance(value, bool):
            return str(value).lower()
        if kind == MONEY:
            return _money(value)
        if kind == BIGINT and isinstance(value, Decimal):
            if value != value.to_integral_value():
                raise self._refused(f"the field '{column}' is no whole number: {value}", report)
            return str(int(value))
        return str(value)

    def _refused(self, rule: str, about: Any = None) -> RefusedError:
        report = about if isinstance(about, Report) else self.report
        if isinstance(about, dict) and "error" in about:
            rule += ": it holds an error instead"
        return RefusedError(
            f"{report.name}: {rule}" if report is not None else rule,
            file=self.where,
            next_step=f"is this a response of {self.vendor.title}'s usage or cost API?",
        )


def _at(result: dict[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = result
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _money(value: Any) -> str:
    """Exact to the 18th decimal, which is what the ledger holds; beyond it, half to even."""
    try:
        amount = Decimal(str(value))
        if not amount.is_finite() or amount.adjusted() > 30:
            return str(value)
        if int(amount.as_tuple().exponent) < -18:
            amount = amount.quantize(_SMALLEST, ROUND_HALF_EVEN, _EXACT)
    except InvalidOperation:
        # Landing refuses it and says in which row it stands.
        return str(value)
    return f"{amount:f}"
