"""A model's prices as rows: over time, the day, its tiers and regions, by genai-prices' own rules.

A price may begin on a day, hold between two times of the day, and differ for batch or priority
processing or for a region. The package resolves these at a moment; here a moment of each piece is
asked for, and neighbours that answer the same are joined.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

LONG_AGO = date(1970, 1, 1)
MIDNIGHT = time(0, 0)
_TIER_KEYS = ("service_tier", "processing", "speed")
_REGION_KEYS = ("route", "geography", "inference_geo", "region")

Hours = tuple[time | None, time | None]


@dataclass(frozen=True)
class Segment:
    """When a set of prices holds.

    Attributes:
        service_tier: as usage records name it (flex, priority, batch, fast); None is the standard.
        geography: the region, lower case; None is anywhere.
        valid_from: first day, None for ever.
        valid_to: last day, None for ever.
        from_time: first moment of the day (UTC), None for the whole day.
        to_time: end of it, not included; None for midnight or the whole day.
        prices: what the package says.
    """

    service_tier: str | None
    geography: str | None
    valid_from: date | None
    valid_to: date | None
    from_time: time | None
    to_time: time | None
    prices: ModelPrice


def segments(model: ModelInfo) -> Iterator[Segment]:
    """The model's prices as pieces that do not overlap within a tier and region."""
    for (tier, geography), context in _contexts(model).items():
        yield from _of_context(model, tier, geography, context)


def _contexts(model: ModelInfo) -> dict[tuple[str | None, str | None], dict[str, str]]:
    """(service tier, geography) → the request context that selects their prices.

    Contexts that no usage record tells (a kind of search) have no rows.
    """
    named: dict[tuple[str | None, str | None], dict[str, str]] = {(None, None): {}}
    for variant in model.price_variants or ():
        tier = next((variant.when[key] for key in _TIER_KEYS if key in variant.when), None)
        region = next((variant.when[key] for key in _REGION_KEYS if key in variant.when), None)
        known = {*_TIER_KEYS, *_REGION_KEYS}
        # Vendors write "default" for the standard tier.
        if tier != "default" and variant.when.keys() <= known:
            # A route may name whose region it is: mistral/eu.
            geography = region.rpartition("/")[2].lower() if region else None
            named.setdefault((tier, geography), dict(variant.when))
    return named


def _of_context(
    model: ModelInfo, tier: str | None, geography: str | None, context: dict[str, str]
) -> Iterator[Segment]:
    dates, times = _breaks(model)
    open_: dict[Hours, Segment] = {}
    for first, following in zip(dates, [*dates[1:], None], strict=True):
        last = following - timedelta(days=1) if following else None
        opening = None if first == LONG_AGO else first
        held: dict[Hours, Segment] = {}
        for (start, until), prices in _of_day(model, context, first, times).items():
            former = open_.pop((start, until), None)
            if former is not None and former.prices == prices:
                held[start, until] = replace(former, valid_to=last)
                continue
            if former is not None:
                yield former
            held[start, until] = Segment(tier, geography, opening, last, start, until, prices)
        yield from open_.values()
        open_ = held
    yield from open_.values()


def _of_day(
    model: ModelInfo, context: dict[str, str], day: date, times: list[time]
) -> dict[Hours, ModelPrice]:
    """A day's prices by hours, in as few pieces as say it; hours without a price have none."""
    pieces: list[tuple[time, time | None, ModelPrice]] = []
    for start, until in zip(times, [*times[1:], None], strict=True):
        prices = _prices_at(model, context, datetime.combine(day, start, UTC))
        if prices is None:
            continue
        if pieces and pieces[-1][1] == start and pieces[-1][2] == prices:
            pieces[-1] = (pieces[-1][0], until, prices)
        else:
            pieces.append((start, until, prices))
    if len(pieces) == 1 and pieces[0][:2] == (MIDNIGHT, None):
        return {(None, None): pieces[0][2]}
    return {(start, until): prices for start, until, prices in pieces}


def _prices_at(model: ModelInfo, context: Mapping[str, str], at: datetime) -> ModelPrice | None:
    """What holds at a moment; None where the list knows no such tier or region then.

    The package answers with the standard price there, which nobody was ever promised.
    """
    is_known = not context or any(
        variant.when == context and (variant.constraint is None or variant.constraint.active(at))
        for variant in model.price_variants or ()
    )
    return model.get_prices(at, context or None) if is_known else None


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
