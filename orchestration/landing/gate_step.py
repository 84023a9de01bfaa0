"""The gate's place in landing: profiles and a bounded sample go in, verdicts come out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from orchestration.errors import RefusedError
from orchestration.landing.lake import Lake, Manifest, now, standing, with_gate
from orchestration.landing.readers import literal
from orchestration.landing.rounding import rounding_columns
from orchestration.landing.sources import SourceType
from orchestration.settings import Settings, SourceSettings

if TYPE_CHECKING:
    import pandas as pd

_SAMPLE_ROWS = 2_000


def judge_loads(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    source: SourceSettings,
    source_type: SourceType,
    lake: Lake,
    prepared: list[tuple[Manifest, Path]],
) -> list[tuple[Manifest, Path]]:
    """Judge the loads of one source in one go; each manifest gains its results.

    Raises:
        RefusedError: a check that refuses failed.
    """
    import pandas as pd

    # Great Expectations takes seconds to import: only a new delivery pays for it.
    from orchestration.landing.gate import judge

    grains = standing(lake.of_source(source.name)).grains
    # Appended files add up: a small file after a large one is no loss.
    adds_up = (source.delivery or source_type.delivery) == "append"
    former = {} if adds_up else {grain.period: grain.row_count for grain in grains}
    profiles = pd.DataFrame(
        [row for manifest, _ in prepared for row in _profile_rows(manifest, former)]
    )
    if profiles.empty:
        return prepared
    sample = _sample(con, source_type, prepared)
    checks = judge(
        source_type.dataset.name,
        profiles,
        sample,
        settings.work / "data_docs",
        source=source.name,
        parameters={"max_quarantined_share": settings.gate.max_quarantined_share},
    )
    run_at = now()
    records = [{**asdict(check), "run_at": run_at} for check in checks]
    for check in checks:
        if not check.success and check.severity == "refuse":
            raise RefusedError(
                f"{check.check_name}: {check.detail} (expected {check.expected}, "
                f"observed {check.observed})",
                file=_first_file(prepared, check.failed_periods),
                next_step="see the data docs in "
                f"{(settings.work / 'data_docs').relative_to(settings.folder)}",
                checks=records,
            )
    first, *rest = prepared
    # The checks cover all loads of the run; they are kept once, with the first.
    return [(with_gate(first[0], records), first[1]), *rest]


def _sample(
    con: duckdb.DuckDBPyConnection,
    source_type: SourceType,
    prepared: list[tuple[Manifest, Path]],
) -> pd.DataFrame:
    """The first rows of each part, at most 2,000 in all: the head is cheap and repeatable."""
    parts = [
        str(staged / Path(file.part).name)
        for manifest, staged in prepared
        for file in manifest.files
        if file.part is not None and file.rows
    ]
    if not parts:
        return con.execute("select null as _period where false").df()
    each = max(20, _SAMPLE_ROWS // len(parts))
    chosen = parts[:: max(1, len(parts) * each // _SAMPLE_ROWS)]
    heads = " union all ".join(
        f"(select * from read_parquet({literal(part)}) where _rule is null limit {each})"
        for part in chosen
    )
    columns = ", ".join(
        f'cast("{name}" as double) as "{name}"' if kind.startswith("decimal") else f'"{name}"'
        for name, kind in source_type.dataset.columns.items()
    )
    told = "".join(
        f', {sql} as "{name}"' for name, sql in rounding_columns(source_type.dataset).items()
    )
    # Doubles serve the checks of range only; no money is computed from them.
    return con.execute(
        f"select {columns}{told}, _period, _source_file, _load_id from ({heads})"
    ).df()


def _first_file(prepared: list[tuple[Manifest, Path]], periods: tuple[str, ...]) -> str:
    for manifest, _ in prepared:
        if not periods or {item.period for item in manifest.periods} & set(periods):
            return manifest.files[0].name
    return prepared[0][0].files[0].name


def _hours_in_future(time: str | None) -> float:
    """Hours from now until an ISO time; 0 where it is past or unknown."""
    if time is None:
        return 0.0
    ahead = datetime.fromisoformat(time) - datetime.now(UTC)
    return max(0.0, ahead.total_seconds() / 3600)


def _profile_rows(manifest: Manifest, former: dict[str, int]) -> list[dict[str, object]]:
    """One row a period for the gate (see the suites in tests/expectations)."""
    rows = []
    for item in manifest.periods:
        total = item.row_count + item.quarantined_rows
        rows.append(
            {
                **{
                    key: value
                    for key, value in asdict(item).items()
                    if key not in ("totals", "quarantined_totals", "content_hash")
                },
                "load_id": manifest.load_id,
                "quarantined_share": item.quarantined_rows / total if total else 0.0,
                "previous_row_count": former.get(item.period),
                "hours_in_future": _hours_in_future(item.max_time),
            }
        )
    return rows
