"""What the fault tests share: files that arrive later, and published marts to compare."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

CLOCKS = frozenset({"loaded_at", "run_at", "issued_at", "published_at", "known_from", "known_to"})

Marts = dict[str, list[tuple[object, ...]]]


def marts_of(folder: Path, *, without: frozenset[str] = CLOCKS, file: Path | None = None) -> Marts:
    """Every published table, ordered, without what the clock says.

    A forecast vintage keeps when it was issued, so that its delivery's content differs too.

    Args:
        folder: a workspace.
        file: other published marts than the workspace's present ones.
    """
    marts = file or folder / "published" / "marts.duckdb"
    with duckdb.connect(str(marts), read_only=True) as con:
        con.execute("set file_search_path = ''")
        found: Marts = {}
        for schema, table in con.execute(
            "select schema_name, table_name from duckdb_tables() where table_name <> 'publish_log'"
        ).fetchall():
            described = con.execute(f'describe "{schema}"."{table}"').fetchall()
            columns = [
                f"case when dataset <> 'forecasts' then {name} end as {name}"
                if (schema, table) == ("landing", "loads")
                and name in ("load_id", "content_sha256", "superseded_by")
                else f'"{name}"'
                for name, *_ in described
                if name not in without
            ]
            found[f"{schema}.{table}"] = con.execute(
                f'select {", ".join(columns)} from "{schema}"."{table}" order by all'
            ).fetchall()
        return found


def withhold(folder: Path) -> dict[Path, bytes]:
    """Take the newest files of every kind that has several; the rest is what came first."""
    kinds: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            kinds.setdefault(re.sub(r"\d", "0", str(path)), []).append(path)
    several = [files for files in kinds.values() if len(files) > 1]
    newest = [file for files in several for file in files[-max(1, len(files) // 5) :]]
    taken = {file: file.read_bytes() for file in newest}
    for file in newest:
        file.unlink()
    assert taken
    # Bills that are not whole yet add up to no invoice: their periods are not over.
    periods = folder / "invoices" / "billing_periods.csv"
    taken[periods] = periods.read_bytes()
    periods.write_bytes(taken[periods].replace(b"Closed", b"Open"))
    return taken


def first_difference(expected: list[tuple[object, ...]], actual: list[tuple[object, ...]]) -> str:
    """One row that is missing and one that is too much."""
    missing = [row for row in expected if row not in actual][:1]
    surplus = [row for row in actual if row not in expected][:1]
    return f"{len(expected)} rows became {len(actual)}; missing {missing}, surplus {surplus}"
