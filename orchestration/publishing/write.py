"""Write a candidate beside the published file, verify it, then put it in place in one step."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from orchestration.errors import AuditError, TwinledgerError
from orchestration.publishing.fill import (
    attach_build,
    comment_on,
    copy_table,
    kinds_of,
    write_parquet,
)
from orchestration.publishing.log import COMMENTS, carry_log, log_row, now
from orchestration.publishing.result import PublishResult
from orchestration.publishing.tables import literal, public_ids, quoted, read_manifest, relations
from orchestration.publishing.verify import cost_totals, counts_of, verify
from orchestration.publishing.views import publish_view
from orchestration.settings import Settings

MARTS = "marts.duckdb"
CANDIDATE = ".candidate-"
"""Prefix of what a publish writes before it is in place; leftovers of a crash are swept."""

Progress = Callable[[str], None]


def publish(
    settings: Settings,
    *,
    publish_id: str,
    inputs_hash: str = "",
    as_of: date | None = None,
    progress: Progress = lambda _: None,
) -> PublishResult:
    """Publish the build file's public tables as `marts.duckdb` and Parquet.

    Readers that have the former file open keep it; new ones get the new file, whole. The DuckDB
    file is replaced last and is the commit: a crash before leaves it as it was, and the next run
    publishes again.

    Raises:
        AuditError: there is no build, or the candidate differs from it; nothing changed.
        TwinledgerError: the disk is full or the folder cannot be written.
    """
    folder = settings.publish
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    candidate = folder / f"{CANDIDATE}{publish_id}.duckdb"
    parquet = folder / f"{CANDIDATE}{publish_id}"
    with _readable_errors(folder):
        try:
            result = _write(settings, candidate, parquet, publish_id, inputs_hash, as_of, progress)
            progress("putting the new marts in place")
            _replace_parquet(parquet, folder / "parquet")
            _fsync(candidate)
            candidate.replace(folder / MARTS)
            _fsync(folder)
        finally:
            sweep(folder)
    return result


def sweep(folder: Path) -> None:
    """Remove candidates that a crash or a refusal left behind."""
    for leftover in folder.glob(f"{CANDIDATE}*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def _write(
    settings: Settings,
    candidate: Path,
    parquet: Path,
    publish_id: str,
    inputs_hash: str,
    as_of: date | None,
    progress: Progress,
) -> PublishResult:
    manifest = read_manifest(settings.work / "target")
    known = relations(manifest)
    public = public_ids(manifest)
    with duckdb.connect(str(candidate)) as con:
        catalog = attach_build(con, settings)
        kinds = kinds_of(con, catalog)
        missing = [known[key].full_name for key in public if known[key].full_name not in kinds]
        if missing:
            raise AuditError(
                f"the build lacks the public table {missing[0]}", "run: twinledger build"
            )
        tables = [known[key] for key in public if kinds[known[key].full_name] == "table"]
        views = [key for key in public if kinds[known[key].full_name] == "view"]
        for number, table in enumerate(tables, start=1):
            progress(f"{number} of {len(tables)} {table.full_name}")
            copy_table(con, catalog, table)
        below = [made for key in views for made in publish_view(con, catalog, known, key, kinds)]
        for relation in [*tables, *below]:
            comment_on(con, relation)
        expected = counts_of(con, catalog, tables)
        con.execute(f"detach {quoted(catalog)}")
        result = PublishResult(
            publish_id=publish_id,
            place=str(settings.publish / MARTS),
            tables=len(public),
            rows=sum(rows for rows, _ in expected.values()),
            published_at=now(),
            totals=cost_totals(expected),
        )
        _log(con, settings.publish / MARTS, result, inputs_hash, as_of)
        write_parquet(con, tables, parquet)
        con.execute("checkpoint")
    progress("verifying")
    verify(candidate, tables, [known[key] for key in views], expected, publish_id)
    return result


def _log(
    con: duckdb.DuckDBPyConnection,
    former: Path,
    result: PublishResult,
    inputs_hash: str,
    as_of: date | None,
) -> None:
    carry_log(con, former)
    row = log_row(result, inputs_hash, as_of)
    con.execute(
        f"insert into publish_log ({', '.join(row)}) values ({', '.join('?' * len(row))})",
        list(row.values()),
    )
    for column, text in COMMENTS.items():
        target = f"column publish_log.{column}" if column else "table publish_log"
        con.execute(f"comment on {target} is {literal(text)}")


def _replace_parquet(source: Path, target: Path) -> None:
    """Move each file over its predecessor, then drop those that no table has any more."""
    wanted = {path.relative_to(source) for path in source.rglob("*.parquet")}
    for relative in sorted(wanted):
        (target / relative).parent.mkdir(parents=True, exist_ok=True)
        (source / relative).replace(target / relative)
    for path in target.rglob("*.parquet"):
        if path.relative_to(target) not in wanted:
            path.unlink()


@contextmanager
def _readable_errors(folder: Path) -> Iterator[None]:
    """A full disk or a locked folder as a sentence."""
    try:
        yield
    except OSError as error:
        raise TwinledgerError(
            f"cannot publish to {folder}: {error.strerror or error}",
            "free space or correct the rights; the published marts are untouched",
        ) from None
    except duckdb.Error as error:
        text = str(error).splitlines()[0]
        raise TwinledgerError(
            f"cannot publish to {folder}: {text}",
            "the published marts are untouched",
        ) from None


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
