"""The price lists that stand in the lake, by their snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.pricing.snapshot import SCHEMA

if TYPE_CHECKING:
    from datetime import date

    import pyarrow as pa

    from orchestration.settings import Settings


@dataclass(frozen=True)
class Snapshot:
    """One landed price list; `rows` are those of the dataset `prices`."""

    snapshot_source: str
    snapshot_date: date
    loaded_at: str
    load_id: str
    rows: pa.Table


def standing_snapshots(settings: Settings) -> dict[str, list[Snapshot]]:
    """Every landed snapshot by its source, in the order in which one takes over from another."""
    import pyarrow.parquet as pq

    from orchestration.landing.lake import Lake

    lake = Lake(settings)
    configured = {source.name for source in settings.sources}
    found: list[Snapshot] = []
    for item in lake.manifests:
        is_seen = item.source_type == "internal" or item.source_name in configured
        if item.dataset != "prices" or not is_seen:
            continue
        for file in item.files:
            if file.part is None or not file.rows:
                continue
            rows = _complete(pq.read_table(lake.local(file.part)))
            said: dict[str, Any] = rows.slice(0, 1).to_pylist()[0]
            found.append(
                Snapshot(
                    said["snapshot_source"],
                    said["snapshot_date"],
                    item.loaded_at,
                    item.load_id,
                    rows,
                )
            )
    lists: dict[str, list[Snapshot]] = {}
    for snapshot in sorted(found, key=lambda one: (one.snapshot_date, one.loaded_at, one.load_id)):
        lists.setdefault(snapshot.snapshot_source, []).append(snapshot)
    return lists


def known_now(snapshots: list[Snapshot]) -> pa.Table:
    """The rows of one list that no later snapshot replaced, model by model."""
    import pyarrow as pa

    said: set[tuple[Any, Any]] = set()
    tables = []
    for snapshot in reversed(snapshots):
        providers = snapshot.rows["provider"].to_pylist()
        pairs = list(zip(providers, snapshot.rows["model"].to_pylist(), strict=True))
        tables.append(snapshot.rows.filter(pa.array([pair not in said for pair in pairs])))
        said.update(pairs)
    return pa.concat_tables(tables)


def _complete(rows: pa.Table) -> pa.Table:
    """With nulls in the columns that an older version did not know."""
    import pyarrow as pa

    for name in SCHEMA.names:
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.nulls(rows.num_rows, SCHEMA.field(name).type))
    return rows.select(SCHEMA.names).cast(SCHEMA)
