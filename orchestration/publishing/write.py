"""Write a candidate beside the published file, verify it, then put it in place in one step."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import duckdb

from orchestration.errors import AuditError, TwinledgerError
from orchestration.publishing.log import COMMENTS, carry_log, git_commit, now, product_version
from orchestration.publishing.tables import (
    Relation,
    literal,
    public_ids,
    quoted,
    read_manifest,
    relations,
)
from orchestration.publishing.views import publish_view
from orchestration.settings import Settings

MARTS = "marts.duckdb"
CANDIDATE = ".candidate-"
"""Prefix of what a publish writes before it is in place; leftovers of a crash are swept."""

Progress = Callable[[str], None]
Counts = dict[str, tuple[int, dict[str, str]]]
"""Table → rows and the exact sum of each decimal column, as text."""


@dataclass(frozen=True)
class PublishResult:
    """A publish that is in place."""

    publish_id: str
    file: Path
    tables: int
    rows: int
    published_at: datetime
    totals: dict[str, dict[str, str]] = field(default_factory=dict)


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
        catalog = _attach_build(con, settings)
        kinds = _kinds(con, catalog)
        missing = [known[key].full_name for key in public if known[key].full_name not in kinds]
        if missing:
            raise AuditError(
                f"the build lacks the public table {missing[0]}", "run: twinledger build"
            )
        tables = [known[key] for key in public if kinds[known[key].full_name] == "table"]
        views = [key for key in public if kinds[known[key].full_name] == "view"]
        for number, table in enumerate(tables, start=1):
            progress(f"{number} of {len(tables)} {table.full_name}")
            _copy(con, catalog, table)
        below = [made for key in views for made in publish_view(con, catalog, known, key, kinds)]
        for relation in [*tables, *below]:
            _comment(con, relation)
        expected = _counts(con, catalog, tables)
        con.execute(f"detach {quoted(catalog)}")
        result = PublishResult(
            publish_id=publish_id,
            file=settings.publish / MARTS,
            tables=len(public),
            rows=sum(rows for rows, _ in expected.values()),
            published_at=now(),
            totals=_cost_totals(expected),
        )
        _log(con, settings.publish / MARTS, result, inputs_hash, as_of)
        _write_parquet(con, tables, parquet)
        con.execute("checkpoint")
    progress("verifying")
    _verify(candidate, tables, [known[key] for key in views], expected, publish_id)
    return result


def _attach_build(con: duckdb.DuckDBPyConnection, settings: Settings) -> str:
    con.execute("set timezone = 'UTC'")
    con.execute(f"set memory_limit = '{settings.warehouse.memory_limit}'")
    con.execute("set autoinstall_known_extensions = false")
    if not settings.build.is_file():
        raise AuditError("there is no build to publish", "run: twinledger build")
    # The views of the build name their catalog, which is the file's stem.
    catalog = settings.build.stem
    con.execute(f"attach {literal(str(settings.build))} as {quoted(catalog)} (read_only)")
    return catalog


def _kinds(con: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, str]:
    """`schema.name` → table or view, of all that the build holds."""
    rows = con.execute(
        "select schema_name || '.' || table_name, 'table' from duckdb_tables()"
        " where database_name = $catalog union all"
        " select schema_name || '.' || view_name, 'view' from duckdb_views()"
        " where database_name = $catalog and not internal",
        {"catalog": catalog},
    ).fetchall()
    return dict(rows)


def _copy(con: duckdb.DuckDBPyConnection, catalog: str, table: Relation) -> None:
    con.execute(f"create schema if not exists {quoted(table.schema)}")
    # Ordered, so that equal builds give equal files and readers can skip blocks of them.
    con.execute(
        f"create table {table.sql} as select * from {quoted(catalog)}.{table.sql} order by all"
    )


def _comment(con: duckdb.DuckDBPyConnection, relation: Relation) -> None:
    kind, columns = con.execute(
        "select any_value(table_type), list(column_name) from information_schema.tables"
        " inner join information_schema.columns"
        " using (table_catalog, table_schema, table_name)"
        " where table_catalog = current_database() and table_schema = ? and table_name = ?",
        [relation.schema, relation.name],
    ).fetchall()[0]
    word = "view" if kind == "VIEW" else "table"
    con.execute(f"comment on {word} {relation.sql} is {literal(relation.description)}")
    for column in columns:
        text = relation.columns.get(column, "")
        con.execute(f"comment on column {relation.sql}.{quoted(column)} is {literal(text)}")


def _counts(con: duckdb.DuckDBPyConnection, catalog: str | None, tables: list[Relation]) -> Counts:
    """Rows and exact sums of the tables, in the attached build or in this file (catalog None)."""
    prefix = f"{quoted(catalog)}." if catalog else ""
    found: Counts = {}
    for table in tables:
        types = con.execute(f"describe {prefix}{table.sql}").fetchall()
        money = [name for name, kind, *_ in types if kind.startswith("DECIMAL")]
        sums = "".join(f", sum({quoted(name)})::varchar" for name in money)
        row = con.execute(f"select count(*){sums} from {prefix}{table.sql}").fetchall()[0]
        found[table.full_name] = (row[0], dict(zip(money, row[1:], strict=True)))
    return found


def _cost_totals(counts: Counts) -> dict[str, dict[str, str]]:
    totals = {
        table: {name: total for name, total in sums.items() if name.endswith("cost") and total}
        for table, (_, sums) in counts.items()
    }
    return {table: sums for table, sums in totals.items() if sums}


def _log(
    con: duckdb.DuckDBPyConnection,
    former: Path,
    result: PublishResult,
    inputs_hash: str,
    as_of: date | None,
) -> None:
    carry_log(con, former)
    con.execute(
        "insert into publish_log values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            result.publish_id,
            inputs_hash,
            product_version(),
            git_commit(),
            json.dumps(result.totals, sort_keys=True),
            result.tables,
            result.rows,
            as_of,
            result.published_at,
        ],
    )
    for column, text in COMMENTS.items():
        target = f"column publish_log.{column}" if column else "table publish_log"
        con.execute(f"comment on {target} is {literal(text)}")


def _write_parquet(con: duckdb.DuckDBPyConnection, tables: list[Relation], folder: Path) -> None:
    for table in tables:
        file = folder / table.schema / f"{table.name}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        con.execute(f"copy {table.sql} to {literal(str(file))} (format parquet, compression zstd)")


def _replace_parquet(source: Path, target: Path) -> None:
    """Move each file over its predecessor, then drop those that no table has any more."""
    wanted = {path.relative_to(source) for path in source.rglob("*.parquet")}
    for relative in sorted(wanted):
        (target / relative).parent.mkdir(parents=True, exist_ok=True)
        (source / relative).replace(target / relative)
    for path in target.rglob("*.parquet"):
        if path.relative_to(target) not in wanted:
            path.unlink()


def _verify(
    candidate: Path,
    tables: list[Relation],
    views: list[Relation],
    expected: Counts,
    publish_id: str,
) -> None:
    """Open the candidate as a reader would; it must say what the build says."""
    with duckdb.connect(str(candidate), read_only=True) as con:
        actual = _counts(con, None, tables)
        for view in views:
            con.execute(f"select * from {view.sql} limit 0")
        newest = con.execute("select max_by(publish_id, published_at) from publish_log").fetchone()
    for table, counts in expected.items():
        if actual[table] != counts:
            raise AuditError(
                f"the candidate differs from the build in {table}: {actual[table]} against"
                f" {counts}; nothing was published",
                "run again; if it stays, the disk may be failing",
            )
    if newest is None or newest[0] != publish_id:
        raise AuditError("the candidate's publish_log is wrong; nothing was published")


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
