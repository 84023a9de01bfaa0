"""LiteLLM's spend log in its Postgres database, a day at a time.

Only allow-listed columns leave the server: of `metadata`, single keys; of messages and responses,
nothing. A day is fetched again when its count, last end or spend changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from orchestration.errors import RefusedError
from orchestration.landing.datasets import LITELLM
from orchestration.landing.fetch import Incoming, without_credentials
from orchestration.landing.source_types.litellm import METADATA_KEYS
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


def _table_columns(source: SourceSettings) -> list[str]:
    table = _query(
        source,
        "select column_name::text as name from information_schema.columns "
        "where table_name = 'LiteLLM_SpendLogs' order by ordinal_position",
    )
    names = [str(name) for name in table.column("name").to_pylist()]
    if not names:
        raise RefusedError(
            "the database has no table LiteLLM_SpendLogs", file=f"source '{source.name}'"
        )
    return names


def _at(path: tuple[str, ...]) -> str:
    return f"metadata::jsonb #>> '{{{','.join(path)}}}'"


def _select(columns: list[str]) -> str:
    plain = [f'"{name}"::text as "{name}"' for name in LITELLM.columns if name in columns]
    keys = [
        f"coalesce({', '.join(_at(path) for path in paths)}) as {name}"
        for name, paths in METADATA_KEYS.items()
        if "metadata" in columns
    ]
    return ", ".join([*plain, *keys])


def days(source: SourceSettings) -> list[Incoming]:
    """One Incoming a UTC day of the table; its stamp is the day's count, last end and spend."""
    columns = _table_columns(source)
    found = _query(
        source,
        "select to_char(\"startTime\", 'YYYY-MM-DD') as day, count(*)::text as requests, "
        "coalesce(max(\"endTime\")::text, '') as last_end, "
        "coalesce(sum(spend)::numeric::text, '') as spend, "
        "coalesce(sum(prompt_tokens + completion_tokens)::text, '') as tokens "
        f"from {_TABLE} group by 1 order by 1",
    ).to_pylist()

    def fetch_day(day: str) -> Any:
        def fetch(folder: Path) -> Path:
            table = _query(
                source,
                f"select {_select(columns)} from {_TABLE} where \"startTime\" >= date '{day}' "
                f'and "startTime" < date \'{day}\' + 1 order by "startTime", request_id',
            )
            target = folder / f"LiteLLM_SpendLogs-{day}.parquet"
            pq.write_table(table, target)
            return target

        return fetch

    return [
        Incoming(
            name=f"LiteLLM_SpendLogs/{row['day']}.parquet",
            stamp=":".join(row[key] for key in ("requests", "last_end", "spend", "tokens")),
            fetch=fetch_day(row["day"]),
            is_database=True,
        )
        for row in found
    ]
