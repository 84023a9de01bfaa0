"""What the company got for its money: outcomes with their value, and the units it counts."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from orchestration.sample.company import CUSTOMERS
from orchestration.sample.days import Span, activity_permille
from orchestration.sample.draws import draw


@dataclass(frozen=True)
class Outcome:
    """One line of `outcomes.csv`; a reversal has a negative quantity and names what it reverses."""

    event_id: str
    outcome_type: str
    occurred_at: datetime
    quantity: int
    unit_value: Decimal
    share: Decimal
    evidence: str
    succeeded: bool
    reverses: str
    team: str
    product: str
    feature: str
    use_case: str
    customer: str

    @property
    def value(self) -> Decimal:
        """US dollars that the models may claim; a failed outcome is worth nothing."""
        return self.quantity * self.unit_value * self.share if self.succeeded else Decimal(0)


_OUTCOME_COLUMNS = (
    "event type at quantity value_each currency share evidence succeeded reverses"
    " team product feature use_case customer"
)


@dataclass(frozen=True)
class Kind:
    """A type of outcome; `keys` are its team, product, feature and use case."""

    outcome_type: str
    a_day: int
    unit_value: Decimal
    share: Decimal
    evidence: str
    keys: tuple[str, str, str, str]


_TICKET = Kind(
    "ticket_resolved", 60, Decimal("9.50"), Decimal("0.6"), "B",
    ("care", "helper", "ticket_reply", "ticket_resolution"),
)  # fmt: skip
_COUNTED = (
    Kind(
        "answer_accepted", 1500, Decimal("0.30"), Decimal("0.5"), "A",
        ("search", "finder", "answers", "question_answering"),
    ),
    Kind(
        "item_enriched", 2200, Decimal("0.12"), Decimal("0.8"), "C",
        ("vision", "studio", "image_tagging", "catalogue_enrichment"),
    ),
    Kind(
        "copy_published", 40, Decimal("1.10"), Decimal("0.3"), "C",
        ("growth", "studio", "ad_copy", "campaign_copy"),
    ),
)  # fmt: skip
KINDS = {kind.outcome_type: kind for kind in (_TICKET, *_COUNTED)}


def outcomes(seed: int, span: Span) -> Iterator[Outcome]:
    """Tickets one by one, some reopened days later; other outcomes as daily counts."""
    for day in span.days:
        midnight = datetime.combine(day, datetime.min.time())
        activity = activity_permille(seed, span, day)
        for number in range(_TICKET.a_day * activity // 1000):
            name = f"{day}:{number}"
            dice = draw(seed, f"ticket:{name}", 1000)
            resolved = Outcome(
                f"tkt-{day:%Y%m%d}-{number:03d}", _TICKET.outcome_type,
                midnight + timedelta(minutes=480 + draw(seed, f"minute:{name}", 600)), 1,
                _TICKET.unit_value, _TICKET.share, _TICKET.evidence, dice >= 60, "",
                *_TICKET.keys, CUSTOMERS[draw(seed, f"customer:{name}", len(CUSTOMERS))],
            )  # fmt: skip
            yield resolved
            reopened_at = resolved.occurred_at + timedelta(days=3)
            if dice >= 960 and reopened_at.date() <= span.last:
                yield replace(
                    resolved, event_id=f"{resolved.event_id}-reopened", occurred_at=reopened_at,
                    quantity=-1, reverses=resolved.event_id,
                )  # fmt: skip
        for kind in _COUNTED:
            quantity = kind.a_day * activity // 1000
            quantity += draw(seed, f"{kind.outcome_type}:{day}", 1 + quantity // 20)
            yield Outcome(
                f"{kind.outcome_type}-{day:%Y%m%d}", kind.outcome_type,
                midnight + timedelta(hours=23), quantity, kind.unit_value, kind.share,
                kind.evidence, True, "", *kind.keys, "",
            )  # fmt: skip


@dataclass(frozen=True)
class Units:
    """One line of `units.csv`."""

    day: date
    unit: str
    quantity: int
    entity_type: str
    entity: str


def units(seed: int, span: Span) -> Iterator[Units]:
    """Daily active users by product, and decisions of the whole company."""
    for day in span.days:
        activity = activity_permille(seed, span, day)
        for product, usual in (("finder", 5200), ("helper", 900), ("studio", 340)):
            quantity = usual * activity // 1000 + draw(seed, f"users:{product}:{day}", 50)
            yield Units(day, "active_user", quantity, "product", product)
        decisions = 12000 * activity // 1000 + draw(seed, f"decisions:{day}", 400)
        yield Units(day, "decision", decisions, "", "")


def write_business_files(folder: Path, seed: int, span: Span) -> None:
    """Write `outcomes/outcomes.csv` and `units/units.csv`."""
    (folder / "outcomes").mkdir(parents=True, exist_ok=True)
    with (folder / "outcomes" / "outcomes.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_OUTCOME_COLUMNS.split())
        for event in outcomes(seed, span):
            writer.writerow(
                [
                    event.event_id, event.outcome_type, f"{event.occurred_at:%Y-%m-%dT%H:%M:%SZ}",
                    event.quantity, event.unit_value, "USD", event.share, event.evidence,
                    str(event.succeeded).lower(), event.reverses, event.team, event.product,
                    event.feature, event.use_case, event.customer,
                ]
            )  # fmt: skip
    (folder / "units").mkdir(parents=True, exist_ok=True)
    with (folder / "units" / "units.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["date", "unit", "quantity", "entity_type", "entity"])
        for line in units(seed, span):
            writer.writerow([line.day, line.unit, line.quantity, line.entity_type, line.entity])
