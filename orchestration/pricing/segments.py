"""The prices of one model as disjoint pieces of time, resolved by genai-prices itself.

A model's price may start on a date, hold for some hours of the day, and differ for batch or
priority processing. The package resolves these at a moment; here a moment of each piece is asked
for, and neighbours that answer the same are joined.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

LONG_AGO = date(1970, 1, 1)
MIDNIGHT = time(0, 0)


@dataclass(frozen=True)
class Segment:
    """When a set of prices holds.

    Attributes:
        service_tier: as usage records name it (flex, priority, batch, fast); None is the standard.
        valid_from: first day, None for ever.
        valid_to: last day, None for ever.
        from_time: first moment of the day (UTC), None for the whole day.
        to_time: end of it, not included; None for midnight or the whole day.
        prices: what the package says.
    """

    service_tier: str | None
    valid_from: date | None
    valid_to: date | None
    from_time: time | None
    to_time: time | None
    prices: ModelPrice


def segments(model: ModelInfo) -> Iterator[Segment]:
    """The model's prices as pieces that do not overlap within a service tier."""
    for tier, context in _contexts(model).items():
        yield from _of_context(model, tier, context)


def _contexts(model: ModelInfo) -> dict[str | None, dict[str, str]]:
    """Service tier → the request context that selects its prices.

    Contexts that no usage record tells (a route, a kind of search) have no rows.
    """
    named: dict[str | None, dict[str, str]] = {None: {}}
    for variant in model.price_variants or ():
        if len(variant.when) == 1:
            key, value = next(iter(variant.when.items()))
            # Vendors write "default" for the standard tier.
            if key in ("service_tier", "processing", "speed") and value != "default":
                named.setdefault(value, {key: value})
    return named


def _of_context(model: ModelInfo, tier: str | None, context: dict[str, str]) -> list[Segment]:
    dates, times = _breaks(model)
    found: list[Segment] = []
    by_day = list(zip(dates, [*dates[1:], None], strict=True))
    for start, until in zip(times, [*times[1:], None], strict=True):
        joined: list[Segment] = []
        for first, following in by_day:
            at = datetime.combine(first, start, UTC)
            prices = model.get_prices(at, context or None)
            last = following - timedelta(days=1) if following else None
            if joined and joined[-1].prices == prices:
                joined[-1] = replace(joined[-1], valid_to=last)
                continue
            opening = None if first == LONG_AGO else first
            joined.append(Segment(tier, opening, last, start, until, prices))
        found += joined
    return _whole_days(found)


def _whole_days(found: list[Segment]) -> list[Segment]:
    """Without hours where the price is the same at every hour."""
    if len({segment.from_time for segment in found}) == 1:
        return [replace(segment, from_time=None, to_time=None) for segment in found]
    return found


def _breaks(model: ModelInfo) -> tuple[list[date], list[time]]:
    """The days on which, and the times at which, a price of the model may change."""
    from genai_prices.types import ConditionalPrice, StartDateConstraint, TimeOfDateConstraint

    conditional: Iterable[ConditionalPrice] = model.prices if isinstance(model.prices, list) else ()
    constraints = [price.constraint for price in conditional]
    constraints += [variant.constraint for variant in model.price_variants or ()]
    dates, times = {LONG_AGO}, {MIDNIGHT}
    for constraint in constraints:
        if isinstance(constraint, StartDateConstraint):
            dates.add(constraint.start_date)
        elif isinstance(constraint, TimeOfDateConstraint):
            times |= {_utc(constraint.start_time), _utc(constraint.end_time)}
    return sorted(dates), sorted(times)


def _utc(value: time) -> time:
    if value.tzinfo is None:
        return value
    return datetime.combine(date(1970, 1, 2), value).astimezone(UTC).time()
