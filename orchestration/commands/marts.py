"""The published marts as readers see them: read-only, closed to other files and to the network."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestration.errors import TwinledgerError

if TYPE_CHECKING:
    import duckdb

    from orchestration.settings import Settings

MEMORY_LIMIT = "1GB"
SPILL_LIMIT = "4GB"


@contextmanager
def open_marts(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that can read the published tables, their lake, and nothing else.

    DuckDB lets an allowed folder be written to as well (`copy … to`): whoever runs somebody
    else's statement here must run selects only.

    Raises:
        TwinledgerError: nothing is published yet, or the file cannot be read.
    """
    import duckdb

    path = settings.publish / "marts.duckdb"
    if not path.is_file():
        raise TwinledgerError(
            f"nothing is published yet: {path} is not there",
            f"twinledger run --settings {settings.file}",
        )
    try:
        con = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise TwinledgerError(
            f"cannot read {path}: {str(error).splitlines()[0]}",
            f"publish again: twinledger publish --settings {settings.file}",
        ) from None
    try:
        _close_off(con, settings)
        yield con
    finally:
        con.close()


def _close_off(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Public views at request grain read the lake (or its local copy), so that stays reachable."""
    spill = settings.work / "tmp"
    spill.mkdir(parents=True, exist_ok=True)
    readable = [str(settings.work / "cache")]
    if "://" not in settings.lake:
        readable.append(settings.lake)
    folders = ", ".join("'" + folder.replace("'", "''") + "/'" for folder in readable)
    for statement in (
        "set timezone = 'UTC'",
        f"set memory_limit = '{MEMORY_LIMIT}'",
        "set temp_directory = '{}'".format(str(spill).replace("'", "''")),
        f"set max_temp_directory_size = '{SPILL_LIMIT}'",
        "set autoinstall_known_extensions = false",
        "set autoload_known_extensions = false",
        f"set allowed_directories = [{folders}]",
        "set enable_external_access = false",
        "set lock_configuration = true",
    ):
        con.execute(statement)


@contextmanager
def time_limit(con: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
    """Interrupt whatever the connection does after so many seconds.

    Raises:
        TwinledgerError: the time was up.
    """
    import duckdb

    timer = threading.Timer(seconds, con.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    except duckdb.InterruptException:
        raise TwinledgerError(
            f"the query was stopped after {seconds:g} s",
            "narrow it to fewer days, or give it longer with --timeout",
        ) from None
    finally:
        timer.cancel()
