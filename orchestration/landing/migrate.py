"""Carry a workspace's lake to another one, as other engines can read it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq

from orchestration.errors import SettingsError, TwinledgerError
from orchestration.landing.datasets import DATASETS
from orchestration.landing.lake import Lake, Manifest, made_portable
from orchestration.landing.shapes import Shapes
from orchestration.locks import writer_lock
from orchestration.settings import Settings

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Migration:
    """What was carried.

    Attributes:
        loads: loads that were written now.
        standing: loads that were there from a run before.
        rows: rows of the loads written now.
    """

    loads: int = 0
    standing: int = 0
    rows: int = 0


def migrate(settings: Settings, other: Settings, progress: Progress = lambda _: None) -> Migration:
    """Copy every accepted load, and what was refused, into the lake of another settings file.

    The load ids, and so the deliveries' history, stay. A load's manifest is written after its
    parts: a run that was broken off is taken up where it ended.

    Raises:
        SettingsError: the other file lacks a source that has landed, or means the same lake.
        TwinledgerError: the other lake holds something else under the same name.
        LockedError: a writer is at work in one of the workspaces.
    """
    source, target = Lake(settings), Lake(other)
    if (source.fs.protocol, source.root) == (target.fs.protocol, target.root):
        raise SettingsError(
            f"both settings files name the lake {settings.lake}",
            f"give {other.file} a lake of its own",
        )
    _check_sources(source, other)
    done = rows = standing = 0
    with ExitStack() as locks:
        # Two settings files of one folder are one workspace, with one lock.
        for one in {item.work: item for item in (settings, other)}.values():
            locks.enter_context(writer_lock(one, "migrate"))
        there = {item.load_id: item for item in target.manifests}
        todo = []
        for item in source.manifests:
            found = there.get(item.load_id)
            if found is None:
                todo.append(item)
            elif not _is_same(found, item):
                raise TwinledgerError(
                    f"{other.lake} holds another load {item.load_id} than {settings.lake}",
                    "carry the lake to an empty place",
                )
            else:
                standing += 1
        _check_columns(source, todo)
        for item in todo:
            done += 1
            progress(f"carrying {done} of {len(todo)}: {item.load_id}")
            _carry(source, target, item)
            rows += sum(file.rows for file in item.files)
        for record in source.refusals():
            target.write_json(f"_loads/refused/{record['load_id']}.json", record)
    return Migration(done, standing, rows)


def differences(totals: dict[str, dict[str, str]], others: dict[str, dict[str, str]]) -> list[str]:
    """Where the exact cost totals of two publishes differ, in words; [] where they are equal.

    Args:
        totals: table, then column, the sum as decimal text (`publish_log.totals`).
    """
    from decimal import Decimal

    found = []
    for table in sorted({*totals, *others}):
        one, other = totals.get(table, {}), others.get(table, {})
        for column in sorted({*one, *other}):
            here, there = one.get(column), other.get(column)
            if here is None or there is None or Decimal(here) != Decimal(there):
                found.append(
                    f"{table}.{column}: {here or 'nothing'} here, {there or 'nothing'} there"
                )
    return found


def _check_sources(source: Lake, other: Settings) -> None:
    known = {item.name for item in other.sources}
    for item in source.manifests:
        if item.source_type != "internal" and item.source_name not in known:
            raise SettingsError(
                f"{other.file}: the source '{item.source_name}' is missing, but it has landed",
                f"copy its [[sources]] table from {source.settings.file}",
            )


def _is_same(found: Manifest, item: Manifest) -> bool:
    """Whether it was carried from here: it is written anew there, with all columns."""
    return replace(found, portable=item.portable, landed_columns=item.landed_columns) == item


def _check_columns(source: Lake, loads: list[Manifest]) -> None:
    """Nothing of what a newer version landed may be left behind."""
    for name in sorted({item.dataset for item in loads}):
        if name not in DATASETS:
            raise TwinledgerError(
                f"{source.settings.lake} holds '{name}', which a newer version landed",
                "go on with the newer version",
            )
        Shapes(
            source, DATASETS[name], [item for item in loads if item.dataset == name]
        ).refuse_foreign()


def _carry(source: Lake, target: Lake, item: Manifest) -> None:
    """Rewrite one load beside the other lake, compare its rows, then commit it there."""
    staged = target.staged(item.load_id)
    for file in item.files:
        for relative in (file.part, file.quarantine):
            if relative is not None:
                shutil.copyfile(source.local(relative), staged / Path(relative).name)
    carried = made_portable(target.settings, item, staged)
    for file in item.files:
        if file.part is None:
            continue
        rows = pq.read_metadata(staged / Path(file.part).name).num_rows
        if rows != file.rows:
            raise TwinledgerError(
                f"{file.part} of {source.settings.lake} holds {rows} rows, but {file.rows} were"
                " accepted: the file was changed after it landed",
                f"land it again: twinledger land {item.source_name} --force",
            )
    target.commit(carried, staged)
