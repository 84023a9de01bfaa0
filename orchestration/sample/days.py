"""The days of the sample and how busy each is: a weekly rhythm with mild growth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from orchestration.sample.draws import draw

REQUESTS_A_DAY = 400
_WEEKDAY_PERMILLE = (1080, 1140, 1150, 1120, 1020, 620, 540)  # Monday to Sunday
_GROWTH_PERMILLE_A_DAY = 2
_NOISE_PERMILLE = 40


@dataclass(frozen=True)
class Span:
    """The days of the sample and the dates on which something happens in it."""

    first: date
    last: date

    @property
    def days(self) -> list[date]:
        """Every day, in order."""
        count = (self.last - self.first).days + 1
        return [self.first + timedelta(days=number) for number in range(count)]

    @property
    def months(self) -> list[date]:
        """The first day of every month that the sample touches."""
        return sorted({day.replace(day=1) for day in self.days})

    @property
    def restated_month(self) -> date:
        """The month that the first cloud delivers twice: the one before the last."""
        return self.months[-2] if len(self.months) > 1 else self.months[-1]

    @property
    def restated_day(self) -> date:
        """The fifth last day of that month, from which on its first delivery knew nothing."""
        return max(self.first, month_after(self.restated_month) - timedelta(days=5))

    @property
    def bug_day(self) -> date:
        """From this day on one feature sends its prompts twice."""
        return self.first + timedelta(days=len(self.days) * 5 // 8)

    @property
    def duplicate_day(self) -> date:
        """The day on which the gateway logged a few requests twice."""
        return self.first + timedelta(days=len(self.days) // 4)

    @property
    def broken_day(self) -> date:
        """The day on which the gateway logged counts that cannot be."""
        return self.first + timedelta(days=len(self.days) // 3)

    @property
    def new_node_day(self) -> date:
        """From this day on a third GPU node is rented."""
        return self.first + timedelta(days=len(self.days) // 2)


def month_after(month: date) -> date:
    """The first day of the next month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def activity_permille(seed: int, span: Span, day: date) -> int:
    """How busy a day is; 1000 is an average day at the start."""
    number = (day - span.first).days
    growth = 1000 + _GROWTH_PERMILLE_A_DAY * number
    noise = 1000 - _NOISE_PERMILLE + draw(seed, f"activity:{number}", 2 * _NOISE_PERMILLE + 1)
    return _WEEKDAY_PERMILLE[day.weekday()] * growth * noise // 1_000_000


def create_calendar(con: duckdb.DuckDBPyConnection, span: Span, seed: int, scale: int) -> None:
    """Create `calendar(day, day_number, month, activity, requests)`."""
    con.execute(
        "create table calendar(day date, day_number bigint, month date,"
        " activity bigint, requests bigint)"
    )
    for number, day in enumerate(span.days):
        activity = activity_permille(seed, span, day)
        requests = REQUESTS_A_DAY * scale * activity // 1000
        con.execute(
            "insert into calendar values (?, ?, ?, ?, ?)",
            [day, number, day.replace(day=1), activity, requests],
        )
