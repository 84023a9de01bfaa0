"""Logs as vendors write them to a bucket: JSON lines, single objects or an array, in any layout.

Other formats are read as ever. Of JSON, only the columns that are asked for leave the parser, and
a record at a time: memory does not grow with the file.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb

from orchestration.landing.readers import (
    Build,
    Reader,
    by_format,
    column_of,
    file_format,
    identifier,
    json_keys,
    json_value,
    literal,
)
from orchestration.settings import SourceSettings

_SIZE = "maximum_object_size=67108864"


def json_log(envelope: str | None = None) -> Build:
    """A reader of logs.

    Args:
        envelope: the key under which an API's response holds the records, if it does.
    """

    def build(con: duckdb.DuckDBPyConnection, source: SourceSettings, path: Path) -> Reader:
        kind = file_format(source, path.name)
        if kind not in ("json", "jsonl") or source.records is not None:
            return by_format(source, path.name)(con, source, path)
        file = f"{literal(str(path))}, format={literal(layout(path, kind))}, {_SIZE}"
        objects = f"read_json_objects({file})"
        keys = json_keys(con, f"(select json as record from {objects})")
        if envelope in keys:
            return _enveloped(con, f"{objects}", str(envelope))

        def relation(used: list[str]) -> str:
            # DuckDB's columns know no case: of two spellings the one that the file has is read.
            tops = sorted({column_of(path, keys)[0] for path in used}, key=keys.__contains__)
            columns = {top.lower(): top for top in tops}
            listed = ", ".join(f"{literal(top)}: 'JSON'" for top in columns.values())
            return f"read_json({file}, records='true', columns={{{listed}}})"

        def raw(path: str) -> str:
            top, rest = column_of(path, keys)
            return json_value(identifier(top), rest)

        return Reader(keys, relation, raw, {}, is_open=True)

    return build


def _enveloped(con: duckdb.DuckDBPyConnection, objects: str, envelope: str) -> Reader:
    """The records of responses: each document is one page, small enough to be held."""
    found = f"json_extract(json, {literal(f'$.{envelope}')})"
    # One record alone stands in the envelope without an array around it.
    records = (
        f"unnest(case when json_type({found}) = 'ARRAY' then json_extract({found}, '$[*]') "
        f"else [{found}] end)"
    )
    scan = f"(select {records} as record from {objects})"
    keys = json_keys(con, scan)
    return Reader(keys, lambda used: scan, lambda path: json_value("record", path), {}, True)


def layout(path: Path, kind: str) -> str:
    """DuckDB's name of the layout; objects one after the other need no lines."""
    if kind == "jsonl":
        return "newline_delimited"
    if path.name.endswith(".zst"):
        return "auto"
    with gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb") as stream:
        first = stream.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return "array" if first == b"[" else "unstructured"
