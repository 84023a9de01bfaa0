"""`twinledger status`: what has landed, how fresh it is, what was changed, set aside or refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from orchestration.commands.console import (
    DEFAULT_SETTINGS,
    SettingsOption,
    ago,
    console,
    count,
    exact,
    moment,
    open_workspace,
    plain_table,
    printable,
    show_table,
)

if TYPE_CHECKING:
    from rich.console import Console

    from orchestration.landing.booking import Booking
    from orchestration.landing.lake import Lake, Manifest
    from orchestration.settings import Settings

RESTATEMENTS_SHOWN = 8
REFUSALS_SHOWN = 5


@dataclass(frozen=True)
class Restatement:
    """A period whose delivery was replaced by one with another total (amounts by currency).

    `dataset` is what was delivered: the closed months of bills keep what stood.
    """

    source_name: str
    period: str
    replaced_at: datetime
    before: dict[str, Decimal]
    after: dict[str, Decimal]
    dataset: str = ""


def status(settings: SettingsOption = DEFAULT_SETTINGS) -> None:
    """Show deliveries, freshness and publishes.

    With what was restated, quarantined and refused.
    """
    from orchestration.landing.lake import Lake

    workspace = open_workspace(settings)
    lake = Lake(workspace)
    out = console()
    _show_sources(out, workspace, lake)
    _show_restatements(out, workspace, lake)
    _show_refusals(out, lake)
    _show_publish(out, workspace)


def _show_sources(out: Console, settings: Settings, lake: Lake) -> None:
    from orchestration.landing.lake import standing

    table = plain_table(
        "source", "type", "loads", "periods", "rows", "quarantined", "data until", "last delivery",
        "age", right=("loads", "periods", "rows", "quarantined", "age"),
    )  # fmt: skip
    now = datetime.now(UTC)
    for source in settings.sources:
        loads = lake.of_source(source.name)
        stands = standing(loads)
        ends = [_time(period.max_time) for load in loads for period in load.periods]
        landed = [_time(load.loaded_at) for load in loads]
        newest = max((time for time in landed if time is not None), default=None)
        table.add_row(
            source.name,
            source.type,
            count(len(loads)),
            count(len(stands.grains)),
            count(sum(grain.row_count for grain in stands.grains)),
            count(_quarantined(loads, stands.periods_of)),
            moment(max((end for end in ends if end is not None), default=None)),
            moment(newest),
            ago(newest, now),
        )
    show_table(out, table)


def _quarantined(loads: list[Manifest], periods_of: dict[str, frozenset[str]]) -> int:
    return sum(
        period.quarantined_rows
        for load in loads
        if load.load_id in periods_of
        for period in load.periods
    )


def restatements(loads: list[Manifest]) -> list[Restatement]:
    """Where a later delivery of a period has another total, oldest first.

    Args:
        loads: one source's loads in sequence; files that add up restate nothing but themselves.
    """
    found = []
    stood: dict[tuple[str, str], dict[str, Decimal]] = {}
    for load in loads:
        scope = load.files[0].name if load.delivery == "append" and load.files else ""
        for period in load.periods:
            if period.period in load.duplicates:
                continue
            after = _totals(period.totals)
            before = stood.get((scope, period.period))
            if before is not None and before != after:
                when = _time(load.loaded_at) or datetime.min.replace(tzinfo=UTC)
                found.append(
                    Restatement(load.source_name, period.period, when, before, after, load.dataset)
                )
            stood[scope, period.period] = after
    return found


def _totals(totals: dict[str, dict[str, str]]) -> dict[str, Decimal]:
    """Currency → the first amount column that the dataset totals (billed cost, for a bill)."""
    return {
        currency: Decimal(next(iter(columns.values())))
        for currency, columns in totals.items()
        if columns
    }


def booked_in(item: Restatement, bookings: list[Booking]) -> str:
    """The month that bears a restatement: its own, or a later one where its own was closed."""
    from orchestration.landing.datasets import DATASETS

    if item.dataset in DATASETS and DATASETS[item.dataset].is_bill:
        for booking in bookings:
            since, until = _time(booking.since), _time(booking.until)
            if (
                booking.period == item.period
                and since is not None
                and since < item.replaced_at
                and (until is None or item.replaced_at <= until)
            ):
                return booking.booked_in
    return item.period


def _show_restatements(out: Console, settings: Settings, lake: Lake) -> None:
    from orchestration.landing.booking import acts_of, bookings_of

    bookings = bookings_of(acts_of(lake))
    found = [
        item for source in settings.sources for item in restatements(lake.of_source(source.name))
    ]
    if not found:
        return
    out.print(f"\nRestatements: {count(len(found))}")
    table = plain_table(
        "source", "period", "booked in", "at (UTC)", "currency", "before", "after", "difference",
        right=("before", "after", "difference"),
    )  # fmt: skip
    found.sort(key=lambda item: item.replaced_at, reverse=True)
    for item in found[:RESTATEMENTS_SHOWN]:
        for currency in sorted({*item.before, *item.after}):
            before, after = item.before.get(currency), item.after.get(currency)
            table.add_row(
                item.source_name,
                printable(item.period),
                printable(booked_in(item, bookings)),
                moment(item.replaced_at),
                printable(currency),
                exact(before) if before is not None else "none",
                exact(after) if after is not None else "none",
                exact((after or Decimal(0)) - (before or Decimal(0))),
            )
    show_table(out, table)


def _show_refusals(out: Console, lake: Lake) -> None:
    refusals = lake.refusals()
    if not refusals:
        return
    out.print(f"\nRefused deliveries: {count(len(refusals))}; what was accepted before them stands")
    table = plain_table("at (UTC)", "source", "file", "row", "rule", wrap=("file", "rule"))
    for refusal in refusals[-REFUSALS_SHOWN:]:
        row = refusal.get("row")
        table.add_row(
            moment(_time(str(refusal["loaded_at"]))),
            printable(refusal["source_name"]),
            printable(refusal["file"]),
            "" if row is None else count(row),
            printable(refusal["rule"]),
        )
    show_table(out, table)


def _show_publish(out: Console, settings: Settings) -> None:
    from orchestration.locks import holder, is_locked
    from orchestration.warehouse import warehouse

    last = warehouse(settings).last_publish()
    if last is None:
        out.print(f"\nNothing is published yet: twinledger run --settings {settings.file}")
    else:
        age = ago(last.published_at.replace(tzinfo=UTC), datetime.now(UTC))
        out.print(
            f"\nPublished {moment(last.published_at)} UTC ({age} ago): {last.publish_id}, "
            f"{count(last.table_count)} tables, {count(last.row_count)} rows"
        )
    if is_locked(settings):
        out.print(f"At work now: {holder(settings) or 'another process'}")


def _time(text: str | None) -> datetime | None:
    """An ISO time of a manifest; those without a zone are UTC."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
