"""The published file as readers see it: read-only, closed to other files and to the network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from orchestration.errors import SettingsError, TwinledgerError
from orchestration.publishing.tables import quoted
from orchestration.warehouse.marts import LONGER, Answer, Record, Row, time_is_up
from orchestration.warehouse.portable import with_names

if TYPE_CHECKING:
    import pyarrow as pa

    from orchestration.settings import Settings

MEMORY_LIMIT = "1GB"
SPILL_LIMIT = "4GB"
BATCH = 5_000
_ONE_AT_A_TIME = threading.Lock()


class DuckDBMarts:
    """The tables of one open `marts.duckdb`; see `orchestration.warehouse.marts.Marts`."""

    def __init__(self, con: duckdb.DuckDBPyConnection, file: Path) -> None:
        self.con = con
        self.place = str(file)
        self.prefix = ""

    def relation(self, layer: str, name: str) -> str:
        """A table's whole name, quoted."""
        return f"{quoted(layer)}.{quoted(name)}"

    def tables(self) -> list[tuple[str, str]]:
        """(layer, name) of all tables and views in the file."""
        rows = self.rows("select table_schema, table_name from information_schema.tables")
        return sorted((str(layer), str(name)) for layer, name in rows)

    def columns(self, layer: str, name: str) -> list[str]:
        """The names of a table's columns."""
        return [str(row[0]) for row in self.rows(f"describe {self.relation(layer, name)}")]

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """The rows of one select."""
        return self._run(sql, values).fetchall()

    def records(self, sql: str, values: Sequence[object] = ()) -> list[Record]:
        """The same, as column → value."""
        cursor = self._run(sql, values)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def arrow(self, sql: str) -> pa.Table:
        """The result of one select."""
        return self._run(sql).to_arrow_table()

    def keep(self, name: str, sql: str, values: Sequence[object] = ()) -> None:
        """Let later statements read a select's result by a name."""
        self._run(f"create or replace temp table {quoted(name)} as {sql}", values)

    def answer(self, sql: str, tell: Callable[[str], None] = lambda _: None) -> Answer:
        """Somebody else's statement: DuckDB lets an allowed folder be written to as well
        (`copy … to`), so nothing but a select is run.

        Raises:
            SettingsError: it does more than read, or it cannot be run.
        """
        try:
            statements = self.con.extract_statements(sql)
            if len(statements) != 1:
                raise SettingsError(
                    f"the query holds {len(statements)} statements", "give exactly one, in quotes"
                )
            if statements[0].type != duckdb.StatementType.SELECT:
                raise SettingsError(
                    f"not allowed here: {statements[0].type.name.lower()}",
                    "a query only reads: select, show, describe or summarize",
                )
            cursor = self.con.execute(statements[0])
        except duckdb.InterruptException:
            raise
        except duckdb.PermissionException as error:
            raise SettingsError(
                f"not allowed here: {_first_line(error)}",
                "a query reads the published tables only; list them with: show all tables",
            ) from None
        except duckdb.Error as error:
            raise SettingsError(
                f"the query cannot be run: {str(error).strip()}",
                "list the tables with: show all tables, a table's columns with: describe <table>",
            ) from None
        return Answer([column[0] for column in cursor.description or []], _batches(cursor))

    @contextmanager
    def time_limit(self, seconds: float) -> Iterator[None]:
        """Interrupt whatever the connection does after so many seconds."""
        timer = threading.Timer(seconds, self.con.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        except duckdb.InterruptException:
            raise TwinledgerError(time_is_up(seconds), LONGER) from None
        finally:
            timer.cancel()

    def _run(self, sql: str, values: Sequence[object] = ()) -> duckdb.DuckDBPyConnection:
        try:
            return self.con.execute(with_names(sql, self.relation), list(values))
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            raise TwinledgerError(f"cannot read {self.place}: {_first_line(error)}") from None


@contextmanager
def open_marts(settings: Settings) -> Iterator[DuckDBMarts]:
    """The published tables and their lake, and nothing else.

    Raises:
        TwinledgerError: nothing is published yet, or the file cannot be read.
    """
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
            f"cannot read {path}: {_first_line(error)}",
            f"publish again: twinledger publish --settings {settings.file}",
        ) from None
    try:
        _close_off(con, settings)
        yield DuckDBMarts(con, path)
    finally:
        con.close()


def _close_off(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Public views at request grain read the lake (or its local copy), so that stays reachable."""
    with _ONE_AT_A_TIME:
        # In one process DuckDB shares an open file with all its settings.
        if not con.execute("select current_setting('lock_configuration')").fetchall()[0][0]:
            _lock(con, settings)


def _lock(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    spill = settings.work / "tmp"
    spill.mkdir(parents=True, exist_ok=True)
    readable = [str(settings.work / "cache")]
    if "://" not in settings.lake:
        readable.append(settings.lake)
    folders = ", ".join("'" + folder.replace("'", "''") + "/'" for folder in readable)
    for statement in (
        "set timezone = 'UTC'",
        "set enable_progress_bar = false",
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


def _batches(cursor: duckdb.DuckDBPyConnection) -> Iterator[Row]:
    while batch := cursor.fetchmany(BATCH):
        yield from batch


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
