"""Before a build on DuckDB: what stands becomes views and small tables of the build file."""

from __future__ import annotations

import json

import duckdb

from orchestration.landing.datasets import DATASETS
from orchestration.landing.lake import Lake
from orchestration.landing.readers import literal
from orchestration.landing.records import COLUMNS, Record, landed, small_tables
from orchestration.landing.views import landing_rows, quarantined_rows
from orchestration.settings import Settings


def register_landing(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    as_of: str | None = None,
) -> None:
    """Create the schemas `landing` and `quarantine` over what stands.

    Args:
        con: a writable connection to the build file.
        as_of: ISO time (UTC); deliveries that came later are not seen.
    """
    lake = Lake(settings)
    found = landed(settings, lake, as_of)
    con.execute("create schema if not exists landing")
    con.execute("create schema if not exists quarantine")
    for dataset in DATASETS.values():
        lines = landing_rows(lake, dataset, found)
        con.execute(f"create or replace view landing.{dataset.name} as {lines}")
        aside = quarantined_rows(lake, found.of(dataset), found.stands)
        con.execute(f"create or replace view quarantine.{dataset.name} as {aside}")
    for name, rows in small_tables(settings, found).items():
        _table(con, name, COLUMNS[name], rows)
    _count_shared_records(con)


def _count_shared_records(con: duckdb.DuckDBPyConnection) -> None:
    """Count the records of grains that several files supply: only there they may be shared."""
    for dataset in DATASETS.values():
        if dataset.identity is None:
            update = "row_count"
        else:
            update = (
                f"(select count(*) from landing.{dataset.name} as landed "
                "where landed._source_name = source_name and landed._period = period)"
            )
        con.execute(
            f"update landing.standing set record_count = {update} "
            f"where record_count is null and dataset = {literal(dataset.name)}"
        )


def _table(
    con: duckdb.DuckDBPyConnection,
    name: str,
    columns: dict[str, str],
    rows: list[Record],
) -> None:
    """Replace a small table. DuckDB reads the rows as one JSON document: no round trip a row."""
    con.execute("begin transaction")
    listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    con.execute(f"create or replace table landing.{name} ({listed})")
    if rows:
        con.execute(
            f"insert into landing.{name} select {', '.join(f'row.{c}' for c in columns)} from "
            f"(select unnest(from_json(?::json, '[{{{_json_spec(columns)}}}]')) as row)",
            [json.dumps(rows)],
        )
    con.execute("commit")


def _json_spec(columns: dict[str, str]) -> str:
    return ", ".join(f'"{column}": "{kind}"' for column, kind in columns.items())
