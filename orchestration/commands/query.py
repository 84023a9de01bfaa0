"""`twinledger query`: read-only SQL over the published marts."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import typer

from orchestration.commands.console import (
    DEFAULT_SETTINGS,
    SettingsOption,
    console,
    exact,
    open_workspace,
    printable,
)
from orchestration.csv_cells import as_text, csv_cell, digits
from orchestration.warehouse import warehouse

ROWS_SHOWN = 200


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

    DuckDB: no other file and no network can be reached. BigQuery: only selects, within the limits.
    """
    workspace = open_workspace(settings)
    with warehouse(workspace).marts() as marts, marts.time_limit(timeout):
        answer = marts.answer(sql, tell=console(stderr=True).print)
        if output is Format.csv:
            write_csv(answer.columns, answer.rows)
        elif output is Format.json:
            write_json(answer.columns, answer.rows)
        else:
            _print_table(answer.columns, answer.rows)


def write_csv(columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """CSV to stdout; a text that a spreadsheet would take for a formula gets a leading quote."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([csv_cell(column) for column in columns])
    for row in rows:
        writer.writerow([csv_cell(value) for value in row])


def write_json(columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
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
        return digits(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "null"
    if isinstance(value, dict):
        pairs = (f"{json.dumps(str(key))}: {json_value(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(json_value(item) for item in value)}]"
    if value is None or isinstance(value, bool | int | float | str):
        return json.dumps(value)
    return json.dumps(as_text(value))


def _print_table(columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
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
    return printable(as_text(value))
