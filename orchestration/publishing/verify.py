"""A candidate says what the build says, to the last decimal, or it is not published."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.errors import AuditError
from orchestration.publishing.tables import Relation, quoted

Counts = dict[str, tuple[int, dict[str, str | None]]]
"""Table → rows and the exact sum of each decimal column, as text."""


def counts_of(
    con: duckdb.DuckDBPyConnection, catalog: str | None, tables: list[Relation]
) -> Counts:
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


def cost_totals(counts: Counts) -> dict[str, dict[str, str]]:
    """Of each table with costs, their exact sums, without trailing zeros."""
    totals = {
        table: {
            name: total.rstrip("0").rstrip(".") if "." in total else total
            for name, total in sums.items()
            if name.endswith("cost") and total
        }
        for table, (_, sums) in counts.items()
    }
    return {table: sums for table, sums in totals.items() if sums}


def verify(
    candidate: Path,
    tables: list[Relation],
    views: list[Relation],
    expected: Counts,
    publish_id: str,
) -> None:
    """Open the candidate as a reader would; it must say what the build says."""
    with duckdb.connect(str(candidate), read_only=True) as con:
        actual = counts_of(con, None, tables)
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
