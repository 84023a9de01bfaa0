"""`twinledger query`: read-only SQL over the published marts."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.commands.console import (
    DEFAULT_SETTINGS,
    SettingsOption,
    exact,
    open_workspace,
    printable,
)
from orchestration.commands.marts import open_marts, time_limit
from orchestration.errors import SettingsError

if TYPE_CHECKING:
    import duckdb

ROWS_SHOWN = 200
BATCH = 5_000
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """How the answer is written."""

    table = "table"
    csv = "csv"
    json = "json"


def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One statement, in quotes.")],
    output: Annotated[
        Format, typer.Option("--format", help="csv and json give all rows and all decimals.")
    ] = Format.table,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds the query may take.")] = 60,
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """Query the published marts, read-only.

    No other file and no network can be reached from a query.
    """
    workspace = open_workspace(settings)
    with open_marts(workspace) as con, time_limit(con, timeout):
        cursor = _execute(con, sql)
        columns = [column[0] for column in cursor.description or []]
        rows = _rows(cursor)
        if output is Format.csv:
            write_csv(columns, rows)
        elif output is Format.json:
            write_json(columns, rows)
        else:
            _print_table(columns, rows)


def _execute(con: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyConnection:
    import duckdb

    try:
        statements = con.extract_statements(sql)
        if len(statements) != 1:
            raise SettingsError(
                f"the query holds {len(statements)} statements", "give exactly one, in quotes"
            )
        if statements[0].type != duckdb.StatementType.SELECT:
            raise SettingsError(
                f"not allowed here: {statements[0].type.name.lower()}",
                "a query only reads: select, show, describe or summarize",
            )
        return con.execute(statements[0])
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


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while batch := cursor.fetchmany(BATCH):
        yield from batch


def write_csv(columns: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """CSV to stdout; a text that a spreadsheet would take for a formula gets a leading quote."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([csv_cell(column) for column in columns])
    for row in rows:
        writer.writerow([csv_cell(value) for value in row])


def csv_cell(value: Any) -> Any:
    """A cell as it stands in a CSV file: numbers in full, texts that no spreadsheet computes."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Decimal):
        return _digits(value)
    text = value if isinstance(value, str) else _as_text(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def write_json(columns: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """A JSON array of objects to stdout; decimals are numbers with all their digits."""
    names = [json.dumps(column) for column in columns]
    separator = "[\n"
    for row in rows:
        cells = (f"{name}: {json_value(cell)}" for name, cell in zip(names, row, strict=True))
        sys.stdout.write(f"{separator}{{{', '.join(cells)}}}")
        separator = ",\n"
    sys.stdout.write("[]\n" if separator == "[\n" else "\n]\n")


def json_value(value: Any) -> str:
    """One value as JSON text. Python's encoder would turn a Decimal into a float."""
    if isinstance(value, Decimal):
        return _digits(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "null"
    if isinstance(value, dict):
        pairs = (f"{json.dumps(str(key))}: {json_value(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(json_value(item) for item in value)}]"
    if value is None or isinstance(value, bool | int | float | str):
        return json.dumps(value)
    return json.dumps(_as_text(value))


def _digits(value: Decimal) -> str:
    if not value.is_finite():
        return "null"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _as_text(value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)


def _print_table(columns: list[str], rows: Iterator[tuple[Any, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table

    terminal = sys.stdout.isatty()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    shown: list[tuple[Any, ...]] = []
    more = 0
    for row in rows:
        if len(shown) < ROWS_SHOWN:
            shown.append(row)
        else:
            more += 1
    for position, name in enumerate(columns):
        numbers = any(isinstance(row[position], Decimal | int | float) for row in shown)
        table.add_column(
            printable(name), justify="right" if numbers else "left", no_wrap=not terminal
        )
    for row in shown:
        table.add_row(*(_table_cell(value) for value in row))
    # In a pipe nothing is cut: whoever reads it there searches it.
    out = Console(markup=False, highlight=False, emoji=False, width=None if terminal else 100_000)
    out.print(table)
    if more:
        out.print(f"… and {more:,} more rows: --format csv gives all")


def _table_cell(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return exact(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1_000_000 else f"{value:,.2f}"
    return printable(_as_text(value))
