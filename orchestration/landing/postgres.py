"""LiteLLM's spend log and daily tables in its Postgres database, a day at a time.

Only allow-listed columns leave the server: of `metadata`, single keys; of messages and responses,
nothing. A day is fetched again when its count, last change or sums changed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from orchestration.errors import RefusedError
from orchestration.landing.datasets.gateways import LITELLM, LITELLM_DAILY
from orchestration.landing.fetch import Incoming, without_credentials
from orchestration.landing.readers import literal
from orchestration.landing.source_types.litellm import (
    CODE_PATTERN,
    CODES,
    METADATA_KEYS,
    RENAMED,
)
from orchestration.landing.source_types.litellm_daily import SCOPES, scopes_of
from orchestration.settings import SourceSettings

_TABLE = '"LiteLLM_SpendLogs"'


def _query(source: SourceSettings, sql: str) -> Any:
    """Run a query; an Arrow table."""
    from adbc_driver_postgresql import dbapi

    try:
        with dbapi.connect(source.uri) as connection, connection.cursor() as cursor:
            cursor.execute("set time zone 'UTC'")
            cursor.execute(sql)
            return cursor.fetch_arrow_table()
    except dbapi.Error as error:
        first_line = str(error).splitlines()[0]
        raise RefusedError(
            f"the database answered: {without_credentials(first_line)}",
            file=f"source '{source.name}' ({without_credentials(source.uri)})",
            next_step="check the address; the password may come from the environment (PGPASSWORD)",
        ) from None


def _table_columns(source: SourceSettings, table: str) -> list[str]:
    found = _query(
        source,
        "select column_name::text as name from information_schema.columns "
        f"where table_name = {literal(table)} order by ordinal_position",
    )
    return [str(name) for name in found.column("name").to_pylist()]


def _at(path: tuple[str, ...]) -> str:
    return f"metadata::jsonb #>> '{{{','.join(path)}}}'"


def _metadata(column: str, paths: tuple[tuple[str, ...], ...]) -> str:
    found = f"coalesce({', '.join(_at(path) for path in paths)})"
    if column in CODES:
        found = (
            f"case when {found} ~ {literal(CODE_PATTERN)} then {found} "
            f"when {found} is not null then 'other' end"
        )
    return f"{found} as {column}"


def _select(columns: list[str]) -> str:
    names = [RENAMED.get(column, column) for column in LITELLM.columns]
    plain = [f'"{name}"::text as "{name}"' for name in names if name in columns]
    keys = [
        _metadata(column, paths) for column, paths in METADATA_KEYS.items() if "metadata" in columns
    ]
    return ", ".join([*plain, *keys])


def days(source: SourceSettings) -> list[Incoming]:
    """One Incoming a UTC day of each table that the source's type reads."""
    return _daily_days(source) if source.type == "litellm_daily" else _log_days(source)


def _log_days(source: SourceSettings) -> list[Incoming]:
    """Days of the spend log; a stamp is the day's count, last end, spend and tokens."""
    columns = _table_columns(source, "LiteLLM_SpendLogs")
    if not columns:
        raise RefusedError(
            "the database has no table LiteLLM_SpendLogs", file=f"source '{source.name}'"
        )
    found = _query(
        source,
        "select to_char(\"startTime\", 'YYYY-MM-DD') as day, concat_ws(':', count(*), "
        "coalesce(max(\"endTime\")::text, ''), coalesce(sum(spend)::numeric::text, ''), "
        "coalesce(sum(prompt_tokens + completion_tokens)::text, '')) as stamp "
        f"from {_TABLE} group by 1 order by 1",
    ).to_pylist()

    def rows_of(day: str) -> str:
        return (
            f"select {_select(columns)} from {_TABLE} where \"startTime\" >= date '{day}' "
            f'and "startTime" < date \'{day}\' + 1 order by "startTime", request_id'
        )

    return [
        _incoming(source, "LiteLLM_SpendLogs", row["day"], row["stamp"], rows_of(row["day"]))
        for row in found
    ]


def _daily_days(source: SourceSettings) -> list[Incoming]:
    """Days of the daily tables; rows are updated in place, so a stamp is also their last update."""
    tables = {scope: SCOPES[scope] for scope in scopes_of(source)}
    columns = {table: _table_columns(source, table) for table, _ in tables.values()}
    if not any(columns.values()):
        raise RefusedError(
            f"the database has none of the tables {', '.join(columns)}",
            file=f"source '{source.name}'",
            next_step="LiteLLM has them since 1.62; options.scopes names which are read",
        )
    offered = []
    for scope, (table, _) in tables.items():
        listed = [f"'{scope}'::text as scope"] + [
            f'"{name}"::text as "{name}"'
            for name in LITELLM_DAILY.columns
            if name in columns[table]
        ]
        stamps = _query(
            source,
            "select date as day, concat_ws(':', count(*), max(updated_at), "
            "sum(spend)::numeric, sum(prompt_tokens + completion_tokens), "
            f'sum(api_requests)) as stamp from "{table}" group by 1 order by 1',
        ).to_pylist() if columns[table] else []  # fmt: skip
        offered += [
            _incoming(
                source,
                table,
                row["day"],
                row["stamp"],
                f'select {", ".join(listed)} from "{table}" '
                f"where date = {literal(row['day'])} order by id",
            )
            for row in stamps
        ]
    return offered


def _incoming(source: SourceSettings, table: str, day: str, stamp: str, rows: str) -> Incoming:
    def fetch(folder: Path) -> Path:
        # A daily table's day is text that anyone may have written.
        target = folder / f"{table}-{re.sub('[^0-9-]', '_', day)}.parquet"
        pq.write_table(_query(source, rows), target)
        return target

    return Incoming(f"{table}/{day}.parquet", stamp, fetch, is_database=True)
