"""One way to read each file format: DuckDB's own readers, every value as text.

Nothing is type-sniffed: text becomes money or time only in `expressions.py`. Only the columns that
are asked for are read, so that contents (prompts, responses) are not even parsed out of JSON.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.errors import RefusedError
from orchestration.settings import SourceSettings

_NULLS = "['NULL', 'null', 'Null', '']"


def literal(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class Reader:
    """How to read one file.

    Attributes:
        columns: the columns (or JSON keys) that the file has.
        relation: SQL after `from`, given the columns that will be used.
        raw: SQL of a column's value, text or (Parquet) its own type.
        types: DuckDB type by column where the file states one.
    """

    columns: list[str]
    relation: Callable[[list[str]], str]
    raw: Callable[[str], str]
    types: dict[str, str]


def file_format(source: SourceSettings, path: str) -> str:
    """The format: as set, else by the file's name."""
    if source.format is not None:
        return source.format
    name = re.sub(r"\.(gz|zst)$", "", Path(path).name.lower())
    endings = {".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json"}
    return next((kind for end, kind in endings.items() if name.endswith(end)), "csv")


def open_reader(
    con: duckdb.DuckDBPyConnection, source: SourceSettings, path: Path, shown: str
) -> Reader:
    """A reader of the file.

    Raises:
        RefusedError: the file is damaged, empty, or not of its format.
    """
    build = {
        "csv": _csv,
        "parquet": _parquet,
        "jsonl": _json_lines,
        "json": _json_document,
        "json_split": _json_split,
    }[file_format(source, shown)]
    try:
        reader = build(con, source, path)
    except (duckdb.Error, EOFError, OSError, zlib.error, UnicodeDecodeError) as error:
        raise unreadable(error, shown, path) from None
    if not reader.columns:
        raise RefusedError("the file is empty: it has not even a header or a record", file=shown)
    return reader


def unreadable(error: Exception, shown: str, path: Path) -> RefusedError:
    """What DuckDB says about a damaged file, in a user's words."""
    text = "GZIP" if _is_cut_off(path) else str(error)
    row = re.search(r"(?:CSV Error on Line|Error in line|in line|Line:)[: ]*(\d+)", text)
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
        ("Malformed JSON", "this is no valid JSON", "see that line"),
    )
    for sign, rule, step in known:
        if sign.lower() in text.lower():
            return RefusedError(
                rule, file=shown, row=int(row.group(1)) - 1 if row else None, next_step=step
            )
    first_line = text.splitlines()[0]
    return RefusedError(f"the file cannot be read ({first_line})", file=shown)


def _csv(con: duckdb.DuckDBPyConnection, source: SourceSettings, path: Path) -> Reader:
    """CSV by its header line alone: a sniffer would guess another dialect for a damaged file."""
    header = _header_line(path)
    delimiter = source.delimiter or max(",;\t|", key=header.count)
    names = next(csv.reader([header], delimiter=delimiter), [])
    columns: list[str] = []
    for place, name in enumerate(names):
        unique = name.strip() or f"column{place}"
        columns.append(f"{unique}_{place}" if unique in columns else unique)
    kinds = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    scan = (
        f"read_csv({literal(str(path))}, auto_detect=false, header=true, "
        f"delim={literal(delimiter)}, quote='\"', escape='\"', nullstr={_NULLS}, "
        f"columns={{{kinds}}})"
    )
    return Reader(columns, lambda used: scan, identifier, {})


def _header_line(path: Path) -> str:
    with gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb") as stream:
        return stream.readline(1_048_576).decode("utf-8-sig").rstrip("\r\n")


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


def _parquet(con: duckdb.DuckDBPyConnection, source: SourceSettings, path: Path) -> Reader:
    scan = f"read_parquet({literal(str(path))}, hive_partitioning=false)"
    described = con.execute(f"describe select * from {scan}").fetchall()
    types = {row[0]: str(row[1]) for row in described}

    def raw(column: str) -> str:
        name, kind = identifier(column), types[column]
        if kind.startswith(("MAP", "STRUCT")) or kind.endswith("[]"):
            return f"cast(to_json({name}) as varchar)"
        if kind == "VARCHAR":
            return f"case when {name} not in ('', 'NULL', 'null', 'Null') then {name} end"
        return name

    return Reader(list(types), lambda used: scan, raw, types)


def _json_keys(con: duckdb.DuckDBPyConnection, objects: str) -> list[str]:
    """Top-level keys in the first 1,000 records: only key names are kept, never values."""
    keys = con.execute(
        f"select key, min(place) from (select unnest(json_keys(record)) as key, "
        f"generate_subscripts(json_keys(record), 1) as place "
        f"from (select record from {objects} limit 1000)) group by key order by 2, 1"
    ).fetchall()
    return [row[0] for row in keys]


def _json_path(dotted: str) -> str:
    parts = "".join(f'."{part}"' for part in dotted.split("."))
    return literal("$" + parts)


def _json_lines(con: duckdb.DuckDBPyConnection, source: SourceSettings, path: Path) -> Reader:
    file = literal(str(path))
    objects = (
        f"(select json as record from read_json_objects({file}, format='newline_delimited', "
        "maximum_object_size=67108864))"
    )
    keys = _json_keys(con, objects)

    def relation(used: list[str]) -> str:
        tops = dict.fromkeys(column if column in keys else column.split(".")[0] for column in used)
        listed = ", ".join(f"{literal(top)}: 'JSON'" for top in tops)
        return (
            f"read_json({file}, format='newline_delimited', columns={{{listed}}}, "
            "maximum_object_size=67108864)"
        )

    def raw(column: str) -> str:
        if column in keys:
            return _text(f"{identifier(column)}, '$'")
        top, _, rest = column.partition(".")
        return _text(f"{identifier(top)}, {_json_path(rest)}")

    return Reader(keys, relation, raw, {})


def _text(arguments: str) -> str:
    found = f"json_extract_string({arguments})"
    return f"case when {found} not in ('', 'NULL', 'null', 'Null') then {found} end"


def _document_size(path: Path) -> int:
    """A bound on the document's size in bytes; DuckDB allocates buffers of twice this."""
    size = path.stat().st_size
    return max(16_777_216, 32 * size if path.name.endswith((".gz", ".zst")) else size + 1)


def _records(path: Path, records: str | None) -> str:
    """The records of one JSON document: its array, or the array at a dotted path."""
    where = literal("$[*]") if records is None else literal(_json_path(records)[1:-1] + "[*]")
    return (
        f"(select unnest(json_extract(json, {where})) as record from read_json_objects("
        f"{literal(str(path))}, format='unstructured', maximum_object_size={_document_size(path)}))"
    )


def _json_document(con: duckdb.DuckDBPyConnection, source: SourceSettings, path: Path) -> Reader:
    scan = _records(path, source.records)
    keys = _json_keys(con, scan)
    return Reader(
        keys, lambda used: scan, lambda column: _text(f"record, {_json_path(column)}"), {}
    )


def _json_split(con: duckdb.DuckDBPyConnection, source: SourceSettings, path: Path) -> Reader:
    """pandas' "split" JSON: {"columns": [...], "index": [...], "data": [[...], ...]}."""
    document = (
        f"read_json_objects({literal(str(path))}, format='unstructured', "
        f"maximum_object_size={_document_size(path)})"
    )
    names = con.execute(
        f"select json_extract_string(json, '$.columns[*]') from {document}"
    ).fetchone()
    columns: list[str] = list(names[0]) if names is not None else []
    scan = f"(select unnest(json_extract(json, '$.data[*]')) as record from {document})"
    return Reader(
        columns,
        lambda used: scan,
        lambda column: _text(f"record, '$[{columns.index(column)}]'"),
        {},
    )
