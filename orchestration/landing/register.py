"""Before a build: the accepted deliveries become views and small tables of the warehouse."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import duckdb

from orchestration.landing.datasets import DATASETS
from orchestration.landing.lake import Lake, Manifest, Standing, standing
from orchestration.landing.readers import literal
from orchestration.landing.sources import known_types
from orchestration.landing.views import quarantined_rows, standing_rows
from orchestration.settings import Settings

MatchModels = Callable[[Iterable[tuple[str | None, str | None]]], Any]

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


def register_landing(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    as_of: str | None = None,
    match_models: MatchModels | None = None,
) -> None:
    """Create the schemas `landing` and `quarantine` over what stands.

    Args:
        con: a writable connection to the build file.
        as_of: ISO time (UTC); deliveries that came later are not seen.
        match_models: pairs of (provider, model) → a table as `landing.model_matches`.
    """
    lake = Lake(settings)
    names = [source.name for source in settings.sources]
    internal = sorted(
        {item.source_name for item in lake.manifests if item.source_type == "internal"}
    )
    loads = {name: lake.of_source(name, as_of=as_of) for name in [*names, *internal]}
    stands = {name: standing(items) for name, items in loads.items()}
    con.execute("create schema if not exists landing")
    con.execute("create schema if not exists quarantine")
    for dataset in DATASETS.values():
        own = {
            name: [item for item in items if item.dataset == dataset.name]
            for name, items in loads.items()
        }
        rows = standing_rows(lake, dataset, own, stands)
        con.execute(f"create or replace view landing.{dataset.name} as {rows}")
        aside = quarantined_rows(lake, own, stands)
        con.execute(f"create or replace view quarantine.{dataset.name} as {aside}")
    _table(con, "sources", _SOURCES, [
        {
            "source_name": source.name,
            "source_type": source.type,
            "dataset": known_types()[source.type].dataset.name,
            "delivery": source.delivery or known_types()[source.type].delivery,
            "billed_by": source.billed_by,
        }
        for source in settings.sources
    ])  # fmt: skip
    grains = [grain for name in sorted(stands) for grain in stands[name].grains]
    _table(con, "standing", _STANDING, [
        {column: getattr(grain, column) for column in _STANDING} for grain in grains
    ])  # fmt: skip
    _count_shared_records(con)
    refusals = [
        item for item in lake.refusals() if as_of is None or str(item["loaded_at"]) <= as_of
    ]
    _table(con, "loads", _LOADS, [*_load_rows(loads, stands), *map(_refused_row, refusals)])
    _table(con, "gate_results", _GATE, _gate_rows(loads, refusals))
    _register_matches(con, loads, match_models)


def _count_shared_records(con: duckdb.DuckDBPyConnection) -> None:
    """Count the records of grains that several files supply: only there they may be shared."""
    for dataset in DATASETS.values():
        if dataset.identity is None:
            update = "row_count"
        else:
            update = (
                f"(select count(*) from landing.{dataset.name} as landed "
                "where landed._source_name = source_name and landed._period = period)"
            )
        con.execute(
            f"update landing.standing set record_count = {update} "
            f"where record_count is null and dataset = {literal(dataset.name)}"
        )


def _table(
    con: duckdb.DuckDBPyConnection,
    name: str,
    columns: dict[str, str],
    rows: list[dict[str, Any]],
) -> None:
    """Replace a small table. DuckDB reads the rows as one JSON document: no round trip a row."""
    con.execute("begin transaction")
    listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    con.execute(f"create or replace table landing.{name} ({listed})")
    if rows:
        con.execute(
            f"insert into landing.{name} select {', '.join(f'row.{c}' for c in columns)} from "
            f"(select unnest(from_json(?::json, '[{{{_json_spec(columns)}}}]')) as row)",
            [json.dumps(rows)],
        )
    con.execute("commit")


def _json_spec(columns: dict[str, str]) -> str:
    return ", ".join(f'"{column}": "{kind}"' for column, kind in columns.items())


def _load_rows(
    loads: dict[str, list[Manifest]], stands: dict[str, Standing]
) -> list[dict[str, Any]]:
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


def _refused_row(record: dict[str, Any]) -> dict[str, Any]:
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


def _gate_rows(
    loads: dict[str, list[Manifest]], refusals: list[dict[str, Any]]
) -> list[dict[str, Any]]:
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


def _register_matches(
    con: duckdb.DuckDBPyConnection,
    loads: dict[str, list[Manifest]],
    match_models: MatchModels | None,
) -> None:
    """`landing.model_matches`: what each raw model name is called in the price book."""
    pairs = sorted(
        {pair for items in loads.values() for item in items for pair in item.models},
        key=lambda pair: (pair[0] or "", pair[1] or ""),
    )
    if match_models is None:
        from orchestration.pricing import match_models as default_match

        match_models = default_match
    matched = match_models(pairs).to_pylist() if pairs else []
    _table(con, "model_matches", _MATCHES, matched)
