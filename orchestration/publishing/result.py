"""What a publish was."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class PublishResult:
    """A publish that is in place.

    Attributes:
        place: where its readers find it, in words.
        tables: public tables and views.
        rows: in all the tables; views are not counted.
        published_at: UTC, without zone.
        totals: table → cost column → exact sum.
    """

    publish_id: str
    place: str
    tables: int
    rows: int
    published_at: datetime
    totals: dict[str, dict[str, str]] = field(default_factory=dict)
