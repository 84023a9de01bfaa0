"""Seats of an assistant: who has them, who uses them, and the figures that follow."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from orchestration.sample.checks import Check, month_is, text
from orchestration.sample.days import Span
from orchestration.sample.draws import draw

SERVICE = "Code Pilot"
PRICE = Decimal("39.50")
_ASSIGNED = {"search": 40, "care": 25, "growth": 15}


@dataclass(frozen=True)
class Seats:
    """One line of `seats.csv`: a team's seats in a month."""

    month: date
    team: str
    assigned: int
    active: int


def seats(seed: int, span: Span) -> Iterator[Seats]:
    """Between 60 and 89 of 100 seats are used."""
    for month in span.months:
        for team, assigned in _ASSIGNED.items():
            share = 60 + draw(seed, f"seats:{team}:{month}", 30)
            yield Seats(month, team, assigned, assigned * share // 100)


def write_seats(folder: Path, seed: int, span: Span) -> None:
    """Write `seats/seats.csv`."""
    (folder / "seats").mkdir(parents=True, exist_ok=True)
    with (folder / "seats" / "seats.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["month", "team", "seats", "used"])
        for line in seats(seed, span):
            writer.writerow([f"{line.month:%Y-%m}", line.team, line.assigned, line.active])


def seat_checks(seed: int, span: Span) -> Iterator[Check]:
    """What a month's seats cost, and the idle ones of them."""
    for month in span.months:
        lines = [line for line in seats(seed, span) if line.month == month]
        assigned = sum(line.assigned for line in lines)
        idle = assigned - sum(line.active for line in lines)
        where = f"service = '{SERVICE}' and {month_is('period_start', f'{month:%Y-%m}')}"
        for expression, value in (
            ("sum(assigned)", Decimal(assigned)),
            ("sum(idle)", Decimal(idle)),
            ("sum(cost)", assigned * PRICE),
            ("sum(idle_cost)", idle * PRICE),
            # Nothing says what was used through the seats.
            ("sum(api_equivalent_cost)", None),
        ):
            yield Check("cost_ledger.seat_costs", where, expression, text(value))
