"""From the lake's parts to BigQuery's tables, each part exactly once.

The parts of a table are loaded in batches of one load job. A batch is written down in the lake
before it is sent, and its job has an id made of what it loads: after a crash the same batch is sent
again under the same id, which BigQuery runs at most once. Marks follow by a second job of that
kind. Nothing of a batch is seen before its rows stand: landing views read marked loads only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from orchestration.landing.datasets import DATASETS, Dataset
from orchestration.landing.lake import Lake
from orchestration.landing.portable import write_portable
from orchestration.landing.shapes import Shapes
from orchestration.warehouse.base import Progress
from orchestration.warehouse.bigquery.client import Client, fields_of
from orchestration.warehouse.bigquery.lake_tables import (
    COLUMNS,
    MARK_COLUMNS,
    MARKS,
    columns_label,
    columns_of,
    ensure_marks,
    ensure_table,
    generation_of,
    quarantine_table,
)

BATCH_PARTS = 500
"""Parts of one load job. BigQuery allows 1,500 jobs a table and day, and 10,000 files a job."""

BATCH_ROWS = 20_000_000
"""Rows of one load job: what is uploaded from a local lake is first written as one file."""


@dataclass(frozen=True)
class Part:
    """One Parquet file of the lake: `path` is relative; portable ones load as they are."""

    load_id: str
    path: str
    rows: int
    portable: bool


@dataclass(frozen=True)
class Batch:
    """What one load job brings into one table of one generation."""

    table: str
    generation: str
    parts: tuple[Part, ...]

    @property
    def job_id(self) -> str:
        """The same for the same parts into the same table: BigQuery runs it once."""
        whole = json.dumps(asdict(self), sort_keys=True)
        return f"twinledger_load_{hashlib.sha256(whole.encode()).hexdigest()[:32]}"


def load_parts(client: Client, progress: Progress) -> None:
    """Bring every accepted part into its table.

    Raises:
        BigQueryError: a job failed; what was loaded before stays and is not loaded twice.
    """
    settings = client.settings
    lake = Lake(settings)
    lock = settings.work / "locks" / "load.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        client.ensure_dataset(client.names.lake, "Twinledger: all accepted deliveries, appended.")
        ensure_marks(client)
        made = _made(client)
        marks = _marked(client)
        for dataset in DATASETS.values():
            for is_quarantine in (False, True):
                parts = _parts(lake, dataset, is_quarantine)
                table = quarantine_table(dataset) if is_quarantine else dataset.name
                generation, columns = made.get(table, ("", None))
                known = marks.get((table, generation), frozenset())
                missing = [part for part in parts if part.path not in known]
                if columns not in (None, columns_label(columns_of(dataset, is_quarantine))):
                    # A former version's table: the landing view names columns that it may lack.
                    ensure_table(client, dataset, is_quarantine)
                if missing:
                    _load_table(client, lake, dataset, is_quarantine, missing, known, progress)


def _parts(lake: Lake, dataset: Dataset, is_quarantine: bool) -> list[Part]:
    """All accepted parts that hold rows, in a fixed order."""
    return [
        Part(item.load_id, path, 0 if is_quarantine else file.rows, is_quarantine or item.portable)
        for item in lake.manifests
        if item.dataset == dataset.name
        for file in item.files
        if (path := file.quarantine if is_quarantine else file.part if file.rows else None)
    ]


def _made(client: Client) -> dict[str, tuple[str, str]]:
    """Table → its generation, and the label that tells its columns."""
    from orchestration.warehouse.bigquery.errors import told_plainly

    with told_plainly(client.settings, f"listing {client.names.lake}"):
        listed = client.api.list_tables(
            f"{client.names.project}.{client.names.lake}", retry=client.retry
        )
        return {
            item.table_id: (generation_of(item.created), item.labels.get(COLUMNS, ""))
            for item in listed
        }


def _marked(client: Client) -> dict[tuple[str, str], frozenset[str]]:
    """(table, generation) → the parts that are in it."""
    rows = client.rows(
        "select distinct table_name, generation, part from "
        f"{client.names.sql(client.names.lake, MARKS)}",
        step="land",
        doing="reading what is loaded",
    )
    found: dict[tuple[str, str], set[str]] = {}
    for table, generation, part in rows:
        found.setdefault((table, generation), set()).add(part)
    return {key: frozenset(parts) for key, parts in found.items()}


def _load_table(
    client: Client,
    lake: Lake,
    dataset: Dataset,
    is_quarantine: bool,
    missing: Sequence[Part],
    known: frozenset[str],
    progress: Progress,
) -> None:
    table = ensure_table(client, dataset, is_quarantine)
    generation = generation_of(table.created)
    begun = _begun(client, lake, table.table_id)
    if begun is not None and begun.generation == generation:
        if not {part.path for part in begun.parts} <= known:
            _run(client, lake, dataset, is_quarantine, begun)
        done = {part.path for part in begun.parts}
        missing = [part for part in missing if part.path not in done]
    batches = list(_batches(missing))
    for number, parts in enumerate(batches, start=1):
        rows = sum(part.rows for part in parts)
        progress(f"loading {table.table_id}: {number} of {len(batches)}, {rows:,} rows")
        batch = Batch(table.table_id, generation, tuple(parts))
        lake.write_json(_note(client, table.table_id), asdict(batch))
        _run(client, lake, dataset, is_quarantine, batch)


def _batches(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Parts of one form, in order, within the limits of one job."""
    for portable in (True, False):
        batch: list[Part] = []
        for part in (item for item in parts if item.portable is portable):
            full = len(batch) == BATCH_PARTS or sum(p.rows for p in batch) + part.rows > BATCH_ROWS
            if batch and full:
                yield batch
                batch = []
            batch.append(part)
        if batch:
            yield batch


def _run(client: Client, lake: Lake, dataset: Dataset, is_quarantine: bool, batch: Batch) -> None:
    """Send a batch and mark its parts; both steps may be repeated."""
    columns = columns_of(dataset, is_quarantine)
    loads = {part.load_id for part in batch.parts}
    landed = () if is_quarantine else (item for item in lake.manifests if item.load_id in loads)
    shapes = Shapes(lake, dataset, landed)
    shapes.refuse_foreign()
    # A job by address wants files of one form: parts that lack columns are written anew with them.
    is_uniform = shapes.all_complete and all(part.portable for part in batch.parts)
    in_storage = client.settings.lake.startswith("gs://") and is_uniform
    upload = lake.stage / f"upload-{batch.job_id}.parquet"
    try:
        source: Path | list[str]
        if in_storage:
            source = [f"{client.settings.lake.rstrip('/')}/{part.path}" for part in batch.parts]
        else:
            upload.parent.mkdir(parents=True, exist_ok=True)
            local = [lake.local(part.path) for part in batch.parts]
            write_portable(
                client.settings, columns, local, upload, may_lack=not shapes.all_complete
            )
            source = upload
        client.load(
            client.names.lake,
            batch.table,
            source,
            step="land",
            schema=fields_of(columns),
            job_id=batch.job_id,
        )
    finally:
        upload.unlink(missing_ok=True)
    _mark(client, batch)


def _mark(client: Client, batch: Batch) -> None:
    from orchestration.warehouse.bigquery.rows import arrow_table

    loaded_at = datetime.now(UTC).isoformat()
    rows: list[dict[str, Any]] = [
        {
            "table_name": batch.table,
            "generation": batch.generation,
            "part": part.path,
            "load_id": part.load_id,
            "job_id": batch.job_id,
            "loaded_at": loaded_at,
        }
        for part in batch.parts
    ]
    client.load(
        client.names.lake,
        MARKS,
        arrow_table(MARK_COLUMNS, rows),
        step="land",
        schema=fields_of(MARK_COLUMNS),
        job_id=f"{batch.job_id}_mark",
    )


def _note(client: Client, table: str) -> str:
    return f"_loading/{client.names.project}.{client.names.lake}.{table}.json"


def _begun(client: Client, lake: Lake, table: str) -> Batch | None:
    """The batch that was sent last, maybe without its marks."""
    raw = lake.read_json(_note(client, table))
    if raw is None:
        return None
    parts = tuple(Part(**part) for part in raw["parts"])
    return Batch(raw["table"], raw["generation"], parts)
