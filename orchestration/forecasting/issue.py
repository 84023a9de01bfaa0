"""Which forecasts are due, and their landing as immutable vintages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from orchestration.errors import AuditError
from orchestration.forecasting.model import forecast_series
from orchestration.publishing.tables import read_manifest
from orchestration.settings import Settings
from orchestration.warehouse import warehouse

SCOPE = "forecasts"
BACKCAST_MIN_DAYS = 28
INSUFFICIENT = "insufficient history"

SCHEMA = pa.schema(
    [
        ("issued_at", pa.timestamp("us")),
        ("vintage", pa.date32()),
        ("series", pa.string()),
        ("target_date", pa.date32()),
        ("horizon_days", pa.int64()),
        ("p10", pa.decimal128(38, 18)),
        ("p50", pa.decimal128(38, 18)),
        ("p80", pa.decimal128(38, 18)),
        ("p90", pa.decimal128(38, 18)),
        ("method", pa.string()),
        ("currency", pa.string()),
        ("is_backcast", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class Due:
    """A forecast to issue: of a series, by what was known before the vintage."""

    series: str
    vintage: date
    is_backcast: bool


@dataclass(frozen=True)
class ForecastResult:
    """What was issued.

    Attributes:
        issued: the new (series, vintage) pairs.
        backcasts: how many of them look back.
        rows: landed rows.
        skipped: series → why it has no forecast.
    """

    issued: tuple[tuple[str, date], ...] = ()
    backcasts: int = 0
    rows: int = 0
    skipped: Mapping[str, str] = field(default_factory=dict)


def issue_forecasts(
    settings: Settings,
    *,
    today: date | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> ForecastResult:
    """Issue the forecasts that are due and land them.

    The newest vintage of a series is the day after its last complete day. Today (UTC) is never
    complete; every landed day before it is. A backcast is a vintage at the first of a past month,
    computed from the days before it as they are known now: it lets the accuracy of closed months
    be scored from the first run on, and says so (`is_backcast`).

    Nothing is ever issued twice or rewritten: what stands in the lake stays as it was issued.

    Raises:
        AuditError: the series were not built yet.
    """
    history, issued = _read(settings)
    known = {name: _complete(days, today or _today()) for name, days in history.items()}
    due, skipped = _due(known, issued)
    now = datetime.now(UTC).replace(tzinfo=None)
    currency = settings.warehouse.reporting_currency
    by_vintage: dict[date, list[Due]] = {}
    for item in due:
        by_vintage.setdefault(item.vintage, []).append(item)
    rows = 0
    for number, (vintage, items) in enumerate(sorted(by_vintage.items()), start=1):
        progress(f"{number} of {len(by_vintage)} forecasts as of {vintage}")
        table = _table(items, known, now, currency)
        rows += table.num_rows
        _land(settings, table, vintage, issued)
    return ForecastResult(
        issued=tuple((item.series, item.vintage) for item in due),
        backcasts=sum(item.is_backcast for item in due),
        rows=rows,
        skipped=skipped,
    )


def horizon_days(vintage: date) -> int:
    """Days from the vintage through the end of the month after its own."""
    month = vintage.year * 12 + vintage.month + 1
    return (date(month // 12, month % 12 + 1, 1) - vintage).days


Days = Mapping[date, float]


def _today() -> date:
    return datetime.now(UTC).date()


def _read(settings: Settings) -> tuple[dict[str, dict[date, float]], set[tuple[str, date]]]:
    """The daily series, and the (series, vintage) pairs that stand already."""
    manifest = read_manifest(settings.work / "target")
    inputs = [key for key, node in manifest["nodes"].items() if _is_input(node)]
    if len(inputs) != 1:
        raise AuditError(f"{len(inputs)} models say meta.forecast_input; one must")
    node = manifest["nodes"][inputs[0]]
    engine = warehouse(settings)
    series = engine.relation(node["config"]["schema"], node["name"])
    history: dict[str, dict[date, float]] = {}
    for name, day, cost in engine.build_rows(
        f"select series, charge_date, cost from {series}"
        " where cost is not null order by series, charge_date"
    ):
        history.setdefault(name, {})[day] = float(cost)
    issued = engine.build_rows(
        f"select series, vintage from {engine.relation('landing', 'forecasts')}"
        " group by series, vintage"
    )
    return history, {(name, vintage) for name, vintage in issued}


def _is_input(node: Mapping[str, Any]) -> bool:
    meta = {**node.get("meta", {}), **node.get("config", {}).get("meta", {})}
    return bool(meta.get("forecast_input"))


def _complete(days: Days, today: date) -> dict[date, float]:
    """Every day from the first cost to the last complete day; one without charges cost nothing.

    Days of 0 before the first cost, such as a purchase whose cost comes later, tell of no level.
    """
    before = [day for day in days if day < today]
    if not before:
        return {}
    first = min((day for day in before if days[day]), default=min(before))
    last = max(before)
    span = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    return {day: days.get(day, 0.0) for day in span}


def _due(
    known: Mapping[str, Days], issued: set[tuple[str, date]]
) -> tuple[list[Due], dict[str, str]]:
    due, skipped = [], {}
    for series, days in known.items():
        if len(days) < 14:
            skipped[series] = INSUFFICIENT
            continue
        first, vintage = min(days), max(days) + timedelta(days=1)
        wanted = [Due(series, vintage, False)]
        wanted += [
            Due(series, start, True)
            for start in _month_starts(first + timedelta(days=BACKCAST_MIN_DAYS), vintage)
        ]
        due += [item for item in wanted if (series, item.vintage) not in issued]
    return due, skipped


def _month_starts(first: date, before: date) -> Iterable[date]:
    """Firsts of months in [first, before)."""
    month = first.year * 12 + first.month - 1 + (first.day > 1)
    while (start := date(month // 12, month % 12 + 1, 1)) < before:
        yield start
        month += 1


def _table(
    items: Sequence[Due], known: Mapping[str, Days], issued_at: datetime, currency: str
) -> pa.Table:
    """The quantiles of several series at one vintage, in the columns of the dataset."""
    rows: list[dict[str, Any]] = []
    for item in items:
        days = known[item.series]
        values = np.array([days[day] for day in sorted(days) if day < item.vintage])
        found = forecast_series(values, item.vintage, horizon_days(item.vintage))
        if found is None:
            continue
        for ahead, quantiles in enumerate(
            zip(found.p10, found.p50, found.p80, found.p90, strict=True)
        ):
            rows.append(
                {
                    "issued_at": issued_at,
                    "vintage": item.vintage,
                    "series": item.series,
                    "target_date": item.vintage + timedelta(days=ahead),
                    "horizon_days": ahead + 1,
                    **dict(zip(("p10", "p50", "p80", "p90"), quantiles, strict=True)),
                    "method": found.method,
                    "currency": currency,
                    "is_backcast": item.is_backcast,
                }
            )
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _land(
    settings: Settings, table: pa.Table, vintage: date, issued: set[tuple[str, date]]
) -> None:
    """Land one vintage. A series that came later (a new budget) lands beside, in a scope more."""
    from orchestration.landing.lake import land_table

    for number in range(1, len(issued) + 2):
        scope = SCOPE if number == 1 else f"{SCOPE}_{number}"
        if land_table(settings, "forecasts", scope, table, vintage.isoformat()):
            return
