"""What the warehouse is told about the deliveries, as rows: the same on every engine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestration.landing.booking import (
    BillState,
    Booking,
    acts_of,
    bill_loads,
    bill_states,
    bookings_of,
    without_states,
)
from orchestration.landing.datasets import Dataset
from orchestration.landing.lake import Lake, Manifest, Standing, standing
from orchestration.landing.sources import known_types
from orchestration.pricing.matches import known_matches
from orchestration.settings import Settings, SourceSettings

Record = dict[str, Any]

_LOADS = {
    "load_id": "varchar",
    "source_name": "varchar",
    "source_type": "varchar",
    "dataset": "varchar",
    "scope": "varchar",
    "period": "varchar",
    "status": "varchar",
    "file_count": "bigint",
    "row_count": "bigint",
    "quarantined_rows": "bigint",
    "content_sha256": "varchar",
    "totals": "varchar",
    "loaded_at": "timestamp",
    "superseded_by": "varchar",
    "min_time": "timestamp",
    "max_time": "timestamp",
    "quarantined_totals": "varchar",
    "files": "varchar",
    "reason": "varchar",
}
_SOURCES = {
    "source_name": "varchar",
    "source_type": "varchar",
    "dataset": "varchar",
    "delivery": "varchar",
    "billed_by": "varchar",
}
_STANDING = {
    "dataset": "varchar",
    "source_name": "varchar",
    "period": "varchar",
    "state_id": "varchar",
    "row_count": "bigint",
    "record_count": "bigint",
}
_MATCHES = {
    "provider": "varchar",
    "model": "varchar",
    "price_provider": "varchar",
    "price_model": "varchar",
    "known_from": "timestamp",
    "known_to": "timestamp",
}
_GATE = {
    "run_at": "timestamp",
    "dataset": "varchar",
    "source_name": "varchar",
    "load_id": "varchar",
    "check_name": "varchar",
    "success": "boolean",
    "observed": "varchar",
    "expected": "varchar",
    "severity": "varchar",
    "detail": "varchar",
}

_BOOKINGS = {
    "period": "varchar",
    "closed_at": "timestamp",
    "since": "timestamp",
    "until": "timestamp",
    "booked_in": "varchar",
}

COLUMNS = {
    "sources": _SOURCES,
    "standing": _STANDING,
    "loads": _LOADS,
    "gate_results": _GATE,
    "model_matches": _MATCHES,
    "bookings": _BOOKINGS,
}
"""Small tables of the schema `landing`: column → DuckDB type. Times are ISO text, UTC."""


@dataclass(frozen=True)
class Landed:
    """What the lake holds at a time: each source's loads, what stands of them, what was refused.

    Attributes:
        is_past: later deliveries are not seen.
        bookings: of closed months, where differences are booked.
        states: of each source's closed months to which something came later; see `landing.booking`.
    """

    loads: dict[str, list[Manifest]]
    stands: dict[str, Standing]
    refusals: list[Record]
    is_past: bool = False
    bookings: Sequence[Booking] = ()
    states: Mapping[str, Sequence[BillState]] = field(default_factory=dict)

    def of(self, dataset: Dataset) -> dict[str, list[Manifest]]:
        """The loads of one dataset, by source."""
        return {
            name: [item for item in items if item.dataset == dataset.name]
            for name, items in self.loads.items()
        }

    def unchanged(self) -> dict[str, Standing]:
        """What stands of each source, apart from closed months that have states."""
        return {
            name: without_states(stands, self.states.get(name, ()))
            for name, stands in self.stands.items()
        }


def landed(settings: Settings, lake: Lake, as_of: str | None = None) -> Landed:
    """Read the manifests.

    Args:
        as_of: ISO time (UTC); deliveries that came later are not seen.
    """
    names = [source.name for source in settings.sources]
    internal = sorted(
        {item.source_name for item in lake.manifests if item.source_type == "internal"}
    )
    loads = {name: lake.of_source(name, as_of=as_of) for name in [*names, *internal]}
    refusals = [
        item for item in lake.refusals() if as_of is None or str(item["loaded_at"]) <= as_of
    ]
    bookings = bookings_of(acts_of(lake, as_of))
    return Landed(
        loads=loads,
        stands={name: standing(items) for name, items in loads.items()},
        refusals=refusals,
        is_past=as_of is not None,
        bookings=bookings,
        states={name: bill_states(bill_loads(items), bookings) for name, items in loads.items()},
    )


def small_tables(settings: Settings, found: Landed) -> dict[str, list[Record]]:
    """The rows of each table of `COLUMNS`.

    `standing.record_count` is None where several files may share records: the engine counts them.
    """
    return {
        "sources": [_source_row(source) for source in settings.sources],
        "standing": [
            {column: getattr(grain, column) for column in _STANDING}
            for name in sorted(found.stands)
            for grain in found.stands[name].grains
        ],
        "loads": [
            *_load_rows(found.loads, found.stands),
            *map(_refused_row, found.refusals),
        ],
        "gate_results": _gate_rows(found.loads, found.refusals),
        "model_matches": _match_rows(found),
        "bookings": [_booking_row(booking) for booking in found.bookings],
    }


def dirty_periods(dataset: Dataset, loads: list[Manifest], stands: Standing) -> frozenset[str]:
    """Periods of one source in which a record may stand more than once."""
    if dataset.identity is None:
        return frozenset()
    supplied: dict[str, int] = {}
    dirty = set()
    for item in loads:
        held = stands.periods_of.get(item.load_id, frozenset())
        for period in item.periods:
            if period.period in held and period.row_count:
                supplied[period.period] = supplied.get(period.period, 0) + 1
                if period.distinct_rows != period.row_count:
                    dirty.add(period.period)
    return frozenset(dirty | {period for period, count in supplied.items() if count > 1})


def _source_row(source: SourceSettings) -> Record:
    source_type = known_types()[source.type]
    return {
        "source_name": source.name,
        "source_type": source.type,
        "dataset": source_type.dataset.name,
        "delivery": source.delivery or source_type.delivery,
        "billed_by": source.billed_by,
    }


def _booking_row(booking: Booking) -> Record:
    return {
        column: None if value is None else value.replace("Z", "")
        for column in _BOOKINGS
        for value in [getattr(booking, column)]
    }


def _load_rows(loads: dict[str, list[Manifest]], stands: dict[str, Standing]) -> list[Record]:
    rows = []
    for name in sorted(loads):
        holder = {
            period: load_id
            for load_id, periods in stands[name].periods_of.items()
            for period in periods
        }
        for item in loads[name]:
            held = stands[name].periods_of.get(item.load_id, frozenset())
            for period in item.periods:
                if period.period in held:
                    status, follower = "accepted", None
                elif period.period in item.duplicates:
                    status, follower = "duplicate", None
                else:
                    status = "superseded"
                    follower = _follower(item, loads[name], holder, period.period)
                rows.append(
                    {
                        "load_id": item.load_id,
                        "source_name": item.source_name,
                        "source_type": item.source_type,
                        "dataset": item.dataset,
                        "scope": item.source_name,
                        "period": period.period,
                        "status": status,
                        "file_count": len(item.files),
                        "row_count": period.row_count,
                        "quarantined_rows": period.quarantined_rows,
                        "content_sha256": item.content,
                        "totals": json.dumps(period.totals, sort_keys=True),
                        "loaded_at": item.loaded_at.replace("Z", ""),
                        "superseded_by": follower,
                        "min_time": (period.min_time or "").replace("Z", "") or None,
                        "max_time": (period.max_time or "").replace("Z", "") or None,
                        "quarantined_totals": json.dumps(period.quarantined_totals, sort_keys=True),
                        "files": json.dumps([file.name for file in item.files]),
                        "reason": None,
                    }
                )
    return rows


def _follower(
    item: Manifest, loads: list[Manifest], holder: dict[str, str], period: str
) -> str | None:
    """The load that took over: for adding files the next one of the same file."""
    if item.delivery != "append":
        return holder.get(period)
    later = [
        other.load_id
        for other in loads
        if other.sequence > item.sequence and other.files[0].name == item.files[0].name
    ]
    return later[0] if later else None


def _refused_row(record: Record) -> Record:
    row = "" if record.get("row") is None else f", row {record['row']}"
    return {
        **dict.fromkeys(_LOADS),
        "load_id": record["load_id"],
        "source_name": record["source_name"],
        "source_type": record["source_type"],
        "dataset": record["dataset"],
        "scope": record["source_name"],
        "status": "refused",
        "loaded_at": str(record["loaded_at"]).replace("Z", ""),
        "files": json.dumps([record["file"]]),
        "reason": f"{record['file']}{row}: {record['rule']}",
    }


def _gate_rows(loads: dict[str, list[Manifest]], refusals: list[Record]) -> list[Record]:
    """Results of accepted loads and of refused ones, which have ids of their own."""
    judged = [
        (item.dataset, item.source_name, item.load_id, check)
        for name in sorted(loads)
        for item in loads[name]
        for check in item.gate
    ]
    judged += [
        (item["dataset"], item["source_name"], item["load_id"], check)
        for item in refusals
        for check in item.get("gate", ())
    ]
    return [
        {
            **{key: check.get(key) for key in _GATE},
            "run_at": str(check["run_at"]).replace("Z", ""),
            "dataset": dataset,
            "source_name": source_name,
            "load_id": load_id,
        }
        for dataset, source_name, load_id, check in judged
    ]


def _match_rows(found: Landed) -> list[Record]:
    """What each raw model name was and is called in the price book."""
    loads = (load for items in found.loads.values() for load in items)
    return [
        {
            "provider": match.name[0],
            "model": match.name[1],
            "price_provider": match.meaning[0],
            "price_model": match.meaning[1],
            "known_from": match.known_from and match.known_from.replace("Z", ""),
            "known_to": match.known_to and match.known_to.replace("Z", ""),
        }
        for match in known_matches(loads, is_past=found.is_past)
    ]
