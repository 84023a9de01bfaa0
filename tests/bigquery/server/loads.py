"""Load jobs: files of CSV, newline-delimited JSON or Parquet into a table."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from tests.bigquery.server import gcs, parquet
from tests.bigquery.server.delimited import Cell, Dialect, fault, lines_of
from tests.bigquery.server.errors import BigQueryError, not_implemented
from tests.bigquery.server.resources import JSON, check_keys, ref_of
from tests.bigquery.server.store import Store, Table
from tests.bigquery.server.texts import from_json, parse
from tests.bigquery.server.types import Field, schema_from_rest
from tests.bigquery.server.writes import split, write

Rows = list[list[Any]]
File = tuple[str, bytes]

GIVEN = {
    "destinationTable", "sourceUris", "sourceFormat", "schema", "createDisposition", "autodetect",
    "writeDisposition", "schemaUpdateOptions", "timePartitioning", "rangePartitioning",
    "clustering", "destinationTableProperties", "fieldDelimiter", "quote", "skipLeadingRows",
    "nullMarker", "allowQuotedNewlines", "allowJaggedRows", "ignoreUnknownValues", "encoding",
    "decimalTargetTypes", "parquetOptions",
}  # fmt: skip


def load(
    store: Store, config: JSON, media: bytes | None, storage: str | None
) -> tuple[Table, JSON]:
    """The table after the load, and the job's `statistics.load`. Raises BigQueryError."""
    check_keys(config, GIVEN, "load configuration")
    destination = ref_of(config["destinationTable"])
    files = [("upload", media)] if media is not None else gcs.fetch(config["sourceUris"], storage)
    given = schema_from_rest(config.get("schema"))
    target = store.tables.get(split(destination)[0])
    match config.get("sourceFormat") or "CSV":
        case "PARQUET":
            fields, rows = from_parquet(files, given, config)
        case "CSV" | "NEWLINE_DELIMITED_JSON" as kind:
            if config.get("encoding", "UTF-8") != "UTF-8":
                not_implemented(f"encoding {config['encoding']}")
            fields = given or (target.fields if target else ())
            if not fields:
                if config.get("autodetect"):
                    not_implemented("schema autodetection of CSV and JSON")
                raise BigQueryError("No schema specified on job or table.", 400, "invalid")
            read = from_csv if kind == "CSV" else from_lines
            rows = [row for file in files for row in read(text_of(file), fields, config)]
        case other:
            not_implemented(f"source format {other}")
    table = write(store, destination, fields, rows, config, "WRITE_APPEND")
    statistics = {
        "inputFiles": str(len(files)),
        "inputFileBytes": str(sum(len(content) for _, content in files)),
        "outputRows": str(len(rows)),
        "badRecords": "0",
    }
    return table, statistics


def text_of(file: File) -> str:
    name, content = file
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"Error while reading data, error message: {name}: bad UTF-8: {error}"
        raise BigQueryError(message, 400, "invalid") from error


def from_parquet(
    files: list[File], given: tuple[Field, ...], config: JSON
) -> tuple[tuple[Field, ...], Rows]:
    options = config.get("parquetOptions") or {}
    check_keys(options, {"enableListInference"}, "parquetOptions")
    fields, rows = given, Rows()
    for name, content in files:
        table = parquet.read(content)
        own = parquet.schema(table, config.get("decimalTargetTypes") or ())
        if any(field.type.holds_array for field in own) and not options.get("enableListInference"):
            not_implemented("Parquet lists without parquetOptions.enableListInference")
        fields = fields or own
        known = {field.name.lower() for field in fields}
        extra = [field.name for field in own if field.name.lower() not in known]
        if extra and not config.get("ignoreUnknownValues"):
            message = f"Provided schema is missing the field {extra[0]} of {name}"
            raise BigQueryError(message, 400, "invalid")
        rows += parquet.rows(table, fields)
    return fields, rows


def from_csv(text: str, fields: Sequence[Field], config: JSON) -> Iterator[list[Any]]:
    dialect = Dialect(
        config.get("fieldDelimiter") or ",",
        '"' if config.get("quote") is None else config["quote"],
        bool(config.get("allowQuotedNewlines")),
        int(config.get("skipLeadingRows") or 0),
    )
    null = config.get("nullMarker") or ""
    for line, cells in lines_of(text, dialect):
        if len(cells) > len(fields):
            if not config.get("ignoreUnknownValues"):
                fault(f"Too many values in line: {len(cells)} for {len(fields)} columns", line)
            cells = cells[: len(fields)]
        if len(cells) < len(fields):
            if not config.get("allowJaggedRows"):
                fault(f"CSV line contains only {len(cells)} of {len(fields)} columns", line)
            cells = cells + [Cell(null, False)] * (len(fields) - len(cells))
        yield [cell_value(c, f, null, line) for c, f in zip(cells, fields, strict=True)]


def cell_value(cell: Cell, field: Field, null: str, line: int) -> Any:
    """An unquoted null marker (by default nothing) is null; quoted, it is text."""
    if cell.text == null and not cell.quoted:
        return None
    try:
        return parse(cell.text, field.type)
    except BigQueryError as error:
        if error.code == 501:
            raise
        fault(f"{error} for field {field.name}", line)


def from_lines(text: str, fields: Sequence[Field], config: JSON) -> Iterator[list[Any]]:
    names = {field.name.lower() for field in fields}
    for line, record in enumerate(text.splitlines(), 1):
        if not record.strip():
            continue
        try:
            row = json.loads(record, parse_float=Decimal)
        except ValueError as error:
            fault(f"JSON parsing error: {error}", line)
        by_name = {key.lower(): value for key, value in row.items()}
        if (extra := set(by_name) - names) and not config.get("ignoreUnknownValues"):
            fault(f"JSON parsing error: No such field: {sorted(extra)[0]}", line)
        yield [from_json(by_name.get(f.name.lower()), f.type, f.name) for f in fields]
