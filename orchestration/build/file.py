"""The build file of DuckDB: scratch of one writer, made anew from the lake where it is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from orchestration.errors import TwinledgerError
from orchestration.settings import Settings


class UnreadableBuildError(TwinledgerError):
    """The build file is missing or broken. It is scratch, made anew from the lake."""


def remove_build(settings: Settings) -> None:
    """Remove the build file and what DuckDB keeps beside it."""
    for path in (settings.build, settings.build.with_name(f"{settings.build.name}.wal")):
        path.unlink(missing_ok=True)


@contextmanager
def open_build(settings: Settings, *, read_only: bool = False) -> Iterator[Any]:
    """A connection to the build file, closed at the end of the block.

    Raises:
        UnreadableBuildError: there is no such file, or it is broken.
        TwinledgerError: another process has the file open; the message names it.
    """
    settings.build.parent.mkdir(parents=True, exist_ok=True)
    try:
        con = duckdb.connect(str(settings.build), read_only=read_only)
    except duckdb.Error as error:
        text = str(error).splitlines()[0]
        if "lock" not in text:
            raise UnreadableBuildError(
                f"cannot open the build file {settings.build}: {text}",
                "run: twinledger build",
            ) from None
        raise TwinledgerError(
            f"the build file is open elsewhere: {text}",
            "close that program; BI tools and notebooks read"
            f" {settings.publish / 'marts.duckdb'} instead",
        ) from None
    try:
        con.execute("set timezone = 'UTC'")
        con.execute(f"set memory_limit = '{settings.warehouse.memory_limit}'")
        con.execute("set autoinstall_known_extensions = false")
        yield con
    finally:
        con.close()


def release_connections() -> None:
    """Close every handle that dbt-duckdb keeps, so that others can open the file.

    dbt-duckdb holds one environment for the process; left open, it locks out a reader of the file
    and the next workspace built by this process.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment = DuckDBConnectionManager._ENV
    if environment is not None:
        environment.close()
    DuckDBConnectionManager.close_all_connections()
