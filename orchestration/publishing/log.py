"""`publish_log`: one row a publish, carried from file to file."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import duckdb

from orchestration.publishing.result import PublishResult
from orchestration.settings import PROJECT_ROOT

COLUMNS = {
    "publish_id": "varchar",
    "inputs_hash": "varchar",
    "product_version": "varchar",
    "git_commit": "varchar",
    "totals": "varchar",
    "table_count": "bigint",
    "row_count": "bigint",
    "as_of_date": "date",
    "published_at": "timestamp",
}
"""The log's columns, in DuckDB's types."""

COMMENTS = {
    "": "Every publish so far, the newest is what stands. One row per publish.",
    "publish_id": "Identifies the publish; sorts by time.",
    "inputs_hash": "Fingerprint of the standing deliveries, the reference data, the settings and"
    " the code; equal fingerprints give equal marts.",
    "product_version": "Twinledger's version.",
    "git_commit": "The commit of the code, null when it does not run from a clone.",
    "totals": "JSON: table, then column, the exact sum of each cost column.",
    "table_count": "Public tables and views.",
    "row_count": "Rows in all the tables.",
    "as_of_date": "The day whose knowledge is shown; null for the current state.",
    "published_at": "When, UTC.",
}


@dataclass(frozen=True)
class LastPublish:
    """The newest row of `publish_log`; `totals` is JSON: table, column, exact sum."""

    publish_id: str
    inputs_hash: str
    published_at: datetime
    row_count: int
    table_count: int
    totals: str = "{}"


def last_publish(marts: Path) -> LastPublish | None:
    """What the published file says about itself; None when there is none or it is unreadable."""
    if not marts.is_file():
        return None
    try:
        with duckdb.connect(str(marts), read_only=True) as con:
            row = con.execute(
                "select publish_id, inputs_hash, published_at, row_count, table_count, totals"
                " from publish_log order by published_at desc, publish_id desc limit 1"
            ).fetchone()
    except duckdb.Error:
        return None
    return LastPublish(*row) if row else None


def log_row(result: PublishResult, inputs_hash: str, as_of: date | None) -> dict[str, Any]:
    """The row of a publish, by column of `COLUMNS`."""
    return {
        "publish_id": result.publish_id,
        "inputs_hash": inputs_hash,
        "product_version": product_version(),
        "git_commit": git_commit(),
        "totals": json.dumps(result.totals, sort_keys=True),
        "table_count": result.tables,
        "row_count": result.rows,
        "as_of_date": as_of.date() if isinstance(as_of, datetime) else as_of,
        "published_at": result.published_at,
    }


def carry_log(con: duckdb.DuckDBPyConnection, former: Path) -> None:
    """Create `publish_log` in the open file, with the rows of the former one."""
    listed = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    con.execute(f"create table publish_log ({listed})")
    if last_publish(former) is None:
        return
    con.execute(f"attach '{str(former).replace(chr(39), chr(39) * 2)}' as former (read_only)")
    # By name: a later version may add columns.
    con.execute("insert into publish_log by name select * from former.publish_log")
    con.execute("detach former")


def now() -> datetime:
    """UTC without zone, as all times in the marts."""
    return datetime.now(UTC).replace(tzinfo=None)


@cache
def product_version() -> str:
    """The installed version; "0" when it runs from a folder that was never installed."""
    try:
        return version("twinledger")
    except PackageNotFoundError:
        return "0"


@cache
def git_commit() -> str | None:
    """The commit of the clone that the code runs from, if it does."""
    if not (PROJECT_ROOT / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(PROJECT_ROOT), "rev-parse", "--short=12", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
