"""The lake: append-only Parquet parts, and manifests that commit them.

    <lake>/<dataset>/<source>/<load_id>/part-0.parquet
    <lake>/_loads/<load_id>.json            written last: it is the commit
    <lake>/_loads/refused/<name>.json       what was refused, and why

A load without a manifest is invisible and is swept by the next run of its source.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import pyarrow as pa

from orchestration.errors import TwinledgerError
from orchestration.landing.datasets import DATASETS
from orchestration.landing.portable import write_portable
from orchestration.landing.profile import PeriodProfile
from orchestration.landing.readers import literal
from orchestration.settings import Settings, is_remote


@dataclass(frozen=True)
class LandedFile:
    """One source file of a load. `part` and `quarantine` are relative to the lake, or None.

    `stamp` tells cheaply whether the file may have changed: size and time, or an etag.
    """

    name: str
    sha256: str
    stamp: str
    part: str | None
    quarantine: str | None = None
    rows: int = 0
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """One accepted load.

    Attributes:
        sequence: counts the loads of a source from 1; the load id holds it.
        config: fingerprint of the settings that shape the rows; another one lands anew.
        periods: what each period holds; `duplicates` names those that brought nothing new.
        replaces: periods that this load leaves empty on purpose (`--allow-empty`).
        matches: what the price book called each of `models` then; () in the first versions'
            manifests.
        portable: its parts are written out for other engines; see `landing.portable`.
        landed_columns: what its parts have, as `described`; "" in the first versions' manifests.
    """

    load_id: str
    source_name: str
    source_type: str
    dataset: str
    delivery: str
    sequence: int
    loaded_at: str
    config: str
    files: tuple[LandedFile, ...]
    periods: tuple[PeriodProfile, ...]
    duplicates: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    models: tuple[tuple[str | None, str | None], ...] = ()
    matches: tuple[tuple[str | None, str | None], ...] = ()
    gate: tuple[dict[str, Any], ...] = ()
    portable: bool = False
    landed_columns: str = ""

    @property
    def content(self) -> str:
        """sha256 over the files' own, in name order of content: what was delivered."""
        return content_sha256(file.sha256 for file in self.files)


@dataclass(frozen=True)
class Grain:
    """What stands for one (dataset, source, period).

    `row_count` rows were delivered; `record_count` of them count, as a record that was delivered
    twice counts once. It is None where several files may share records.
    """

    dataset: str
    source_name: str
    period: str
    load_ids: tuple[str, ...]
    state_id: str
    row_count: int
    record_count: int | None


@dataclass(frozen=True)
class Standing:
    """What stands in the lake: grains, and for each load the periods that it still supplies."""

    grains: tuple[Grain, ...] = ()
    periods_of: dict[str, frozenset[str]] = field(default_factory=dict)


def content_sha256(parts: Iterable[str]) -> str:
    """One fingerprint of several, whatever their order."""
    return hashlib.sha256("".join(sorted(parts)).encode()).hexdigest()


def described(columns: Mapping[str, str]) -> str:
    """Columns and their types in words."""
    return "; ".join(f"{name} {kind}" for name, kind in columns.items())


def file_sha256(path: Path) -> str:
    """sha256 of a file's bytes, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def now() -> str:
    """The time of loading: UTC, microseconds, ISO 8601."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Lake:
    """The lake of one workspace; its root may be a path or any fsspec address."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.is_remote = is_remote(settings.lake)
        self.fs, self.root = fsspec.core.url_to_fs(settings.lake)
        self.stage = settings.work / "stage" if self.is_remote else Path(self.root) / "_stage"

    @cached_property
    def manifests(self) -> list[Manifest]:
        """All accepted loads, in the order of source and sequence."""
        folder = f"{self.root}/_loads"
        names = self.fs.glob(f"{folder}/*.json")
        found = (
            [_manifest(json.loads(text)) for text in self.fs.cat(names).values()] if names else []
        )
        return sorted(found, key=lambda item: (item.source_name, item.sequence))

    def refusals(self) -> list[dict[str, Any]]:
        """What was refused, oldest first."""
        names = self.fs.glob(f"{self.root}/_loads/refused/*.json")
        found = [json.loads(text) for text in self.fs.cat(names).values()] if names else []
        return sorted(found, key=lambda item: str(item["loaded_at"]))

    def of_source(self, name: str, *, as_of: str | None = None) -> list[Manifest]:
        """A source's loads in sequence, as known at a time."""
        return [
            item
            for item in self.manifests
            if item.source_name == name and (as_of is None or item.loaded_at <= as_of)
        ]

    def next_load(self, source_name: str, content: str, ahead: int = 0) -> tuple[str, int]:
        """(load id, sequence) of the next load: the same content after the same history gives the
        same id, so that a run after a crash equals an undisturbed one."""
        former = self.of_source(source_name)
        sequence = (former[-1].sequence if former else 0) + 1 + ahead
        return f"{source_name}-{sequence:06d}-{content[:8]}", sequence

    def staged(self, load_id: str) -> Path:
        """An empty local folder in which a load is prepared."""
        folder = self.stage / load_id
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def commit(self, manifest: Manifest, staged: Path) -> None:
        """Move a prepared load into the lake, then write its manifest: only then it is seen."""
        target = f"{self.root}/{manifest.dataset}/{manifest.source_name}/{manifest.load_id}"
        # A local lake is rewritten when it is loaded: until then DuckDB reads it as fast as ever.
        by_address = self.is_remote and self.settings.warehouse.target == "bigquery"
        columns = DATASETS[manifest.dataset].landed_columns
        manifest = replace(manifest, landed_columns=described(columns))
        if by_address and not manifest.portable:
            manifest = made_portable(self.settings, manifest, staged)
        if self.is_remote:
            self.fs.makedirs(target, exist_ok=True)
            for file in sorted(staged.iterdir()):
                self.fs.put_file(str(file), f"{target}/{file.name}")
            shutil.rmtree(staged)
        else:
            shutil.rmtree(target, ignore_errors=True)
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            staged.replace(target)
        self.write_json(f"_loads/{manifest.load_id}.json", asdict(manifest))
        self.__dict__.pop("manifests", None)

    def refuse(self, record: dict[str, Any]) -> None:
        """Keep a record of what was refused; the same refusal twice is one record."""
        key = hashlib.sha256(
            json.dumps({**record, "loaded_at": "", "gate": []}, sort_keys=True).encode()
        ).hexdigest()[:12]
        name = f"{record['source_name']}-refused-{key}"
        self.write_json(f"_loads/refused/{name}.json", {**record, "load_id": name})

    def sweep(self, source_name: str) -> None:
        """Remove what a crashed run of a source left behind."""
        known = {item.load_id for item in self.of_source(source_name)}
        for folder in self.fs.glob(f"{self.root}/*/{source_name}/*"):
            if folder.rsplit("/", 1)[-1] not in known:
                self.fs.rm(folder, recursive=True)
        if self.stage.is_dir():
            for staged in self.stage.glob(f"{source_name}-[0-9]*"):
                shutil.rmtree(staged, ignore_errors=True)

    def local(self, relative: str) -> Path:
        """A local copy of a file of the lake; parts never change, so that a copy stays valid."""
        if not self.is_remote:
            return Path(self.root) / relative
        cached = self.settings.work / "cache" / relative
        if not cached.exists():
            cached.parent.mkdir(parents=True, exist_ok=True)
            partial = cached.with_suffix(".partial")
            self.fs.get_file(f"{self.root}/{relative}", str(partial))
            partial.replace(cached)
        return cached

    def read_json(self, relative: str) -> dict[str, Any] | None:
        """A document of the lake, or None."""
        try:
            text = self.fs.cat_file(f"{self.root}/{relative}")
        except FileNotFoundError:
            return None
        found: dict[str, Any] = json.loads(text)
        return found

    def write_json(self, relative: str, content: dict[str, Any]) -> None:
        """Write a document of the lake, whole or not at all."""
        path = f"{self.root}/{relative}"
        text = json.dumps(content, indent=1, sort_keys=True)
        if self.is_remote:
            self.fs.pipe_file(path, text.encode())
            return
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(target)


_FIELDS = frozenset(item.name for item in fields(Manifest))


def _manifest(raw: dict[str, Any]) -> Manifest:
    if not raw.keys() <= _FIELDS:
        raise TwinledgerError(
            f"the load {raw['load_id']} was landed by a newer version of Twinledger",
            "go on with the newer version",
        )
    return Manifest(
        **{
            **raw,
            "files": tuple(
                LandedFile(**{**file, "columns": tuple(file["columns"])}) for file in raw["files"]
            ),
            "periods": tuple(PeriodProfile(**period) for period in raw["periods"]),
            "duplicates": tuple(raw["duplicates"]),
            "replaces": tuple(raw["replaces"]),
            "models": tuple((pair[0], pair[1]) for pair in raw["models"]),
            "matches": tuple((pair[0], pair[1]) for pair in raw.get("matches", ())),
            "gate": tuple(raw["gate"]),
        }
    )


def standing(manifests: list[Manifest]) -> Standing:
    """What stands of one source's loads (given in sequence).

    append: the newest load of each file; the files add up. snapshot: for each period the newest
    load. snapshot_per_file: for each period the load of the last file by name.
    """
    if not manifests:
        return Standing()
    periods_of: dict[str, frozenset[str]] = {}
    if manifests[-1].delivery == "append":
        newest = {item.files[0].name: item for item in manifests}
        for item in newest.values():
            periods_of[item.load_id] = frozenset(period.period for period in item.periods)
    else:
        ordered = manifests
        if manifests[-1].delivery == "snapshot_per_file":
            ordered = sorted(manifests, key=lambda item: (item.files[0].name, item.sequence))
        owner: dict[str, str] = {}
        for item in ordered:
            for name in item.replaces:
                owner.pop(name, None)
            for period in item.periods:
                if period.period not in item.duplicates:
                    owner[period.period] = item.load_id
        for period_name, load_id in owner.items():
            periods_of[load_id] = periods_of.get(load_id, frozenset()) | {period_name}
    return Standing(_grains(manifests, periods_of), periods_of)


def _grains(manifests: list[Manifest], periods_of: dict[str, frozenset[str]]) -> tuple[Grain, ...]:
    supply: dict[str, list[tuple[Manifest, PeriodProfile]]] = {}
    for item in manifests:
        for period in item.periods:
            if period.period in periods_of.get(item.load_id, frozenset()) and period.row_count:
                supply.setdefault(period.period, []).append((item, period))
    return tuple(
        Grain(
            dataset=found[0][0].dataset,
            source_name=found[0][0].source_name,
            period=name,
            load_ids=tuple(item.load_id for item, _ in found),
            # The mapping shapes the rows as much as the file does.
            state_id=content_sha256(
                f"{item.config}:{period.content_hash}:{period.row_count}" for item, period in found
            )[:32],
            row_count=sum(period.row_count for _, period in found),
            record_count=found[0][1].distinct_rows if len(found) == 1 else None,
        )
        for name, found in sorted(supply.items())
    )


def land_table(
    settings: Settings, dataset: str, scope: str, table: pa.Table, period: str
) -> str | None:
    """Land rows that Twinledger itself made (forecast vintages, price snapshots).

    Args:
        dataset: an internal dataset; `table` has its own columns, in any order.
        scope: takes the place of the source's name.
        period: the vintage or snapshot; a period that already stands is never written again.

    Returns:
        The load id, or None where the period stood already.
    """
    lake = Lake(settings)
    if any(item.files[0].name == period for item in lake.of_source(scope)):
        return None
    columns = DATASETS[dataset].columns
    content = hashlib.sha256(
        repr((period, table.num_rows, table.select(list(columns)).to_pydict())).encode()
    ).hexdigest()
    load_id, sequence = lake.next_load(scope, content)
    staged = lake.staged(load_id)
    con = duckdb.connect()
    con.register("landed_rows", table)
    listed = ", ".join(f'cast("{name}" as {kind}) as "{name}"' for name, kind in columns.items())
    con.execute(
        f"copy (select {listed}, {literal(load_id)} as _load_id, {literal(scope)} as _source_name, "
        f"{literal(period)} as _source_file, cast(null as bigint) as _source_row, "
        f"{literal(period)} as _period from landed_rows) "
        f"to {literal(str(staged / 'part-0.parquet'))} (format parquet)"
    )
    con.close()
    profile = PeriodProfile(period, table.num_rows, 0, table.num_rows, content[:16], None, None)
    part = f"{dataset}/{scope}/{load_id}/part-0.parquet"
    manifest = Manifest(
        load_id=load_id,
        source_name=scope,
        source_type="internal",
        dataset=dataset,
        delivery="append",
        sequence=sequence,
        loaded_at=now(),
        config="",
        files=(LandedFile(period, content, "", part, rows=table.num_rows),),
        periods=(profile,),
    )
    lake.commit(manifest, staged)
    return load_id


def made_portable(settings: Settings, manifest: Manifest, folder: Path) -> Manifest:
    """Rewrite a load's parts in their folder, with all columns; returns the manifest of that."""
    columns = DATASETS[manifest.dataset].landed_columns
    may_lack = manifest.landed_columns != described(columns)
    for file in manifest.files:
        if file.part is not None:
            part = folder / Path(file.part).name
            write_portable(settings, columns, [part], part, may_lack=may_lack)
    return replace(manifest, portable=True, landed_columns=described(columns))


def with_gate(manifest: Manifest, checks: Iterable[dict[str, Any]]) -> Manifest:
    """The manifest with the gate's results."""
    return replace(manifest, gate=tuple(checks))
