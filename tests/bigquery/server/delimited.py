"""CSV as BigQuery's load jobs read it: quoting tells an empty string from a null.

Python's csv module forgets which cells were quoted, so the few rules are written out here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from tests.bigquery.server.errors import BigQueryError


@dataclass(frozen=True)
class Cell:
    text: str
    quoted: bool


@dataclass(frozen=True)
class Dialect:
    """The options of a load job that say how its CSV is cut into cells."""

    delimiter: str = ","
    quote: str = '"'  # "" switches quoting off
    quoted_newlines: bool = False
    skip_rows: int = 0


def lines_of(text: str, dialect: Dialect) -> Iterator[tuple[int, list[Cell]]]:
    """(line number from 1, cells) of every row after the skipped ones; empty lines are no rows.

    Raises BigQueryError for a quote that never closes, text after a closing quote, and a line end
    inside quotes without allowQuotedNewlines.
    """
    rows = cut(text, dialect)
    for _ in range(dialect.skip_rows):
        next(rows, None)
    for line, cells in rows:
        if cells != [Cell("", False)]:
            yield line, cells


def cut(text: str, dialect: Dialect) -> Iterator[tuple[int, list[Cell]]]:
    position, line, cells = 0, 1, list[Cell]()
    first = line
    while position < len(text):
        if dialect.quote and text[position] == dialect.quote:
            content, position = quoted(text, position + 1, dialect, line)
            line += content.count("\n")
            cells.append(Cell(content, True))
        else:
            end = plain_end(text, position, dialect.delimiter)
            cells.append(Cell(text[position:end], False))
            position = end
        if text[position : position + 1] == dialect.delimiter:
            position += 1
            if position == len(text):  # a delimiter ends the file: one more empty cell
                cells.append(Cell("", False))
                break
            if text[position] in "\r\n":
                cells.append(Cell("", False))
            else:
                continue
        if position < len(text) and text[position] not in "\r\n":
            fault('Data between close quote character (") and field separator', first)
        yield first, cells
        position += 2 if text.startswith("\r\n", position) else 1
        line += 1
        first, cells = line, []
    if cells:
        yield first, cells


def plain_end(text: str, start: int, delimiter: str) -> int:
    """Where an unquoted cell ends: at a delimiter, a line end or the end of the file."""
    found = re.compile(f"[{re.escape(delimiter)}\\r\\n]").search(text, start)
    return found.start() if found else len(text)


def quoted(text: str, start: int, dialect: Dialect, line: int) -> tuple[str, int]:
    """(content, position after the closing quote); a doubled quote is one quote."""
    quote, parts = dialect.quote, list[str]()
    while True:
        end = text.find(quote, start)
        if end < 0:
            fault(f"Missing close quote character ({quote})", line)
        parts.append(text[start:end])
        if text[end + 1 : end + 2] != quote:
            content = "".join(parts)
            if not dialect.quoted_newlines and ("\n" in content or "\r" in content):
                fault(f"Missing close quote character ({quote})", line)
            return content, end + 1
        parts.append(quote)
        start = end + 2


def fault(message: str, line: int) -> NoReturn:
    raise BigQueryError(
        f"Error while reading data, error message: {message}; line_number: {line}", 400, "invalid"
    )
