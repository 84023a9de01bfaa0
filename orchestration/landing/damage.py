"""What is wrong with a file that cannot be read, in a user's words and never in the file's."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path

from orchestration.errors import RefusedError


class BrokenFileError(Exception):
    """What a reader of a type's own found wrong; `open_reader` names the file."""

    def __init__(self, rule: str, row: int | None = None, next_step: str = "") -> None:
        super().__init__(rule)
        self.rule, self.row, self.next_step = rule, row, next_step


def unreadable(error: Exception, shown: str, path: Path) -> RefusedError:
    """What DuckDB says about a damaged file, in a user's words."""
    text = "GZIP" if _is_cut_off(path) else str(error)
    row = re.search(
        r"(?:CSV Error on Line|Error in line|in line|Line:|record/value)[: ]*(\d+)", text
    )
    known = (
        ("GZIP", "the gzip stream ends early: the file was cut off", "deliver the file again"),
        (
            "end-of-stream",
            "the gzip stream ends early: the file was cut off",
            "deliver the file again",
        ),
        ("gzipped", "this is no gzip file", "deliver the file again"),
        ("No magic bytes", "this is no complete Parquet file", "deliver the file again"),
        ("Parquet", "the Parquet file is damaged", "deliver the file again"),
        ("thrift", "the Parquet file is damaged", "deliver the file again"),
        ("utf-8", "the file is not UTF-8 text", "convert it to UTF-8"),
        ("unicode", "the file is not UTF-8 text", "convert it to UTF-8"),
        ("Maximum line size", "a line is longer than 2 MB", "is the file really a CSV?"),
        (
            "Expected Number of Columns",
            "a line has another number of columns than the header: it is damaged or was cut off",
            "see that line, or deliver the file again",
        ),
        ("unterminated quote", "a quoted value never ends", "see that line"),
        # It would quote the value.
        ("Conversion Error", "a value is not of its column's type", "see the file"),
        (
            "maximum_object_size",
            "a JSON object is larger than 64 MB",
            "write smaller ones, such as one a line",
        ),
        ("Malformed JSON", "this is no valid JSON", "see that line"),
        # DuckDB quotes the record, which may be what a user wrote.
        ("duplicate key", "a record has the same key twice", "see that line"),
        ("JSON transform error", "a record is no JSON object", "see that line"),
        ("Expected OBJECT", "a record is no JSON object", "see that line"),
    )
    for sign, rule, step in known:
        if sign.lower() in text.lower():
            return RefusedError(
                rule,
                file=shown,
                row=int(row.group(1)) - (0 if "transform error" in text else 1) if row else None,
                next_step=step,
            )
    first_line = text.splitlines()[0]
    return RefusedError(f"the file cannot be read ({first_line})", file=shown)


def _is_cut_off(path: Path) -> bool:
    """Whether a gzip file ends before its end: what is left of it may look like a shorter file."""
    if not path.name.endswith(".gz"):
        return False
    try:
        with gzip.open(path, "rb") as stream:
            while stream.read(1_048_576):
                pass
    except (EOFError, OSError, zlib.error):
        return True
    return False
