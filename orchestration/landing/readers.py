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
from orchestration.landing.damage import BrokenFileError, unreadable
from orchestration.settings import SourceSettings

_LAST = "[#-1]"
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
        is_open: any column may be asked for: a record that lacks it has a null.
    """

    columns: list[str]
    relation: Callable[[list[str]], str]
    raw: Callable[[str], str]
    types: dict[str, str]
    is_open: bool = False

    def has(self, path: str) -> bool:
        """Whether a column, or the column that a path starts in, can be read."""
        return self.is_open or column_of(path, self.columns)[0] in self.columns


Build = Callable[[duckdb.DuckDBPyConnection, SourceSettings, Path], Reader]


def column_of(path: str, columns: list[str]) -> tuple[str, str]:
    """The column that a path starts in, and the rest: a dot leads into JSON, `>` into JSON text."""
    if path in columns:
        return path, ""
    column, sign, rest = re.fullmatch(r"([^.>]*)([.>]?)(.*)", path, re.DOTALL).groups()  # type: ignore[union-attr]
    return column, f">{rest}" if sign == ">" else rest


def file_format(source: SourceSettings, path: str) -> str:
    """The format: as set, else by the file's name."""
    if source.format is not None:
        return source.format
    name = re.sub(r"\.(gz|zst)$", "", Path(path).name.lower())
    endings = {".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json"}
    return next((kind for end, kind in endings.items() if name.endswith(end)), "csv")


def open_reader(
    con: duckdb.DuckDBPyConnection,
    source: SourceSettings,
    path: Path,
    shown: str,
    build: Build | None = None,
) -> Reader:
    """A reader of the file.

    Args:
        build: reads the file in the way of its source type instead of its format's.

    Raises:
        RefusedError: the file is damaged, empty, or not of its format.
    """
    build = build or by_format(source, shown)
    try:
        reader = build(con, source, path)
    except BrokenFileError as broken:
        raise RefusedError(
            broken.rule, file=shown, row=broken.row, next_step=broken.next_step
        ) from None
    except (duckdb.Error, EOFError, OSError, zlib.error, UnicodeDecodeError) as error:
        raise unreadable(error, shown, path) from None
    if not reader.columns:
        raise RefusedError("the file is empty: it has not even a header or a record", file=shown)
    return reader


def by_format(source: SourceSettings, name: str) -> Build:
    """How files of a format are read where their source type has no way of its own."""
    formats: dict[str, Build] = {
        "csv": _csv,
        "parquet": _parquet,
        "jsonl": _json_lines,
        "json": _json_document,
        "json_split": _json_split,
    }
    return formats[file_format(source, name)]


def csv_with_short_rows(
    con: duckdb.DuckDBPyConnection, source: SourceSettings, path: Path
) -> Reader:
    """Of exporters whose header names last columns that no row has.

    A row cut off is still seen: all must be as short as the first one.
    """
    if file_format(source, path.name) != "csv":
        return by_format(source, path.name)(con, source, path)
    return _csv(con, source, path, short_rows=True)


def _csv(
    con: duckdb.DuckDBPyConnection, source: SourceSettings, path: Path, short_rows: bool = False
) -> Reader:
    """CSV by its header line alone: a sniffer would guess another dialect for a damaged file."""
    header, first = _first_lines(path)
    delimiter = source.delimiter or max(",;\t|", key=header.count)
    names = next(csv.reader([header], delimiter=delimiter), [])
    named = len(names)
    if short_rows and first:
        names = names[: len(next(csv.reader([first], delimiter=delimiter)))]
    start = "header=true" if len(names) == named else "skip=1"
    columns: list[str] = []
    for place, name in enumerate(names):
        unique = name.strip() or f"column{place}"
        columns.append(f"{unique}_{place}" if unique in columns else unique)
    kinds = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    scan = (
        f"read_csv({literal(str(path))}, auto_detect=false, {start}, "
        f"delim={literal(delimiter)}, quote='\"', escape='\"', nullstr={_NULLS}, "
        f"columns={{{kinds}}})"
    )
    return Reader(columns, lambda used: scan, _into_texts(identifier, columns), {})


def _into_texts(whole: Callable[[str], str], columns: list[str]) -> Callable[[str], str]:
    """SQL of a column's value, or of a path into a column that holds JSON text."""

    def raw(path: str) -> str:
        column, rest = column_of(path, columns)
        if not rest:
            return whole(column)
        return json_value(f"try_cast({whole(column)} as json)", rest.removeprefix(">"))

    return raw


def _first_lines(path: Path) -> tuple[str, str]:
    """The header and the line after it; empty where the file ends before."""
    with gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb") as stream:
        header, first = (stream.readline(1_048_576) for _ in range(2))
    return header.decode("utf-8-sig").rstrip("\r\n"), first.decode(errors="replace").rstrip("\r\n")


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

    return Reader(list(types), lambda used: scan, _into_texts(raw, list(types)), types)


def json_keys(con: duckdb.DuckDBPyConnection, objects: str) -> list[str]:
    """Top-level keys in the first 1,000 records: only key names are kept, never values."""
    keys = con.execute(
        f"select key, min(place) from (select unnest(json_keys(record)) as key, "
        f"generate_subscripts(json_keys(record), 1) as place "
        f"from (select record from {objects} limit 1000)) group by key order by 2, 1"
    ).fetchall()
    return [row[0] for row in keys]


def _json_path(dotted: str) -> str:
    """A JSON path of dotted keys; "a.b" is one key, `[#-1]` after one is the last of its array."""
    if not dotted:
        return literal("$")
    keys = (quoted or plain for quoted, plain in re.findall(r'"([^"]+)"|([^."]+)', dotted))
    steps = (
        (f'."{name}"' if (name := key.removesuffix(_LAST)) else "") + key[len(name) :]
        for key in keys
    )
    return literal("$" + "".join(steps))


def json_value(json: str, path: str) -> str:
    """SQL of the text at a path of a JSON value; each `>` enters JSON that may stand in a text.

    An empty path is the value itself.
    """
    *texts, last = path.split(">")
    for text in texts:
        found = f"json_extract({json}, {_json_path(text)})" if text else json
        json = (
            f"case when json_type({found}) = 'VARCHAR' "
            f"then try_cast(json_extract_string({found}, '$') as json) else {found} end"
        )
    return _text(f"{json}, {_json_path(last)}")


def _json_lines(con: duckdb.DuckDBPyConnection, source: SourceSettings, path: Path) -> Reader:
    file = literal(str(path))
    objects = (
        f"(select json as record from read_json_objects({file}, format='newline_delimited', "
        "maximum_object_size=67108864))"
    )
    keys = json_keys(con, objects)

    def relation(used: list[str]) -> str:
        tops = dict.fromkeys(column_of(column, keys)[0] for column in used)
        listed = ", ".join(f"{literal(top)}: 'JSON'" for top in tops)
        return (
            f"read_json({file}, format='newline_delimited', columns={{{listed}}}, "
            "records='true', maximum_object_size=67108864)"
        )

    def raw(column: str) -> str:
        top, rest = column_of(column, keys)
        return json_value(identifier(top), rest)

    return Reader(keys, relation, raw, {}, is_open=True)


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
    keys = json_keys(con, scan)
    return Reader(
        keys, lambda used: scan, lambda column: json_value("record", column), {}, is_open=True
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
