"""OTLP/JSON traces as rows: one a span, with the attributes that are asked for and no others.

The shape is ExportTraceServiceRequest of github.com/open-telemetry/opentelemetry-proto
(docs/specification.md, JSON encoding): resourceSpans → scopeSpans → spans; a file holds one
document, or one a line as the Collector's file exporter writes. 64-bit numbers stand as texts or
as numbers; ids as hexadecimal, or base64 where a generic protobuf encoder wrote them. Events,
links and status messages are not read.

Usage of agent and workflow spans repeats that of the calls below them. Whether a span has such a
span below it is known only once all spans are read, so they are gathered in a temporary table,
which spills to disk; a usage span is a leaf when no usage span of the file is its descendant, also
through spans without usage. A trace may be spread over files: `ancestor_span_ids` lets a reader of
all of them find out the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import duckdb

from orchestration.landing.damage import BrokenFileError
from orchestration.landing.json_logs import layout
from orchestration.landing.readers import (
    Reader,
    file_format,
    identifier,
    literal,
)
from orchestration.settings import SourceSettings

# How deep a chain of spans may be: a cycle of parents ends here.
_DEPTH = 100
# Bytes of a line. DuckDB unpacks as much at once as fits twice that, and a line is a few thousand
# spans at most; a file with longer lines is read again with more.
_SIZES = (4_194_304, 16_777_216, 67_108_864)

_VALUE = {
    "stringValue": "VARCHAR",
    "intValue": "VARCHAR",
    "doubleValue": "VARCHAR",
    "boolValue": "VARCHAR",
    "arrayValue": {"values": [{"stringValue": "VARCHAR"}]},
}
_ATTRIBUTES = [{"key": "VARCHAR", "value": _VALUE}]
_SCOPE = {
    "scope": {"name": "VARCHAR"},
    "spans": [
        {
            **dict.fromkeys(
                ("traceId", "spanId", "parentSpanId", "startTimeUnixNano", "endTimeUnixNano"),
                "VARCHAR",
            ),
            "status": {"code": "VARCHAR"},
            "attributes": _ATTRIBUTES,
        }
    ],
}
_SHAPE = {
    "resourceSpans": [
        {
            "resource": {"attributes": _ATTRIBUTES},
            "scopeSpans": [_SCOPE],
            # Before OTLP 0.15.
            "instrumentationLibrarySpans": [_SCOPE],
        }
    ]
}
SPAN_COLUMNS = (
    "trace_id", "span_id", "parent_span_id", "ancestor_span_ids", "is_leaf", "has_usage",
    "start_time", "end_time", "status_code", "scope_name",
)  # fmt: skip


def open_otlp(
    con: duckdb.DuckDBPyConnection,
    source: SourceSettings,
    path: Path,
    attributes: Iterable[str],
    usage: Iterable[str],
    kept: Iterable[str],
) -> Reader:
    """Read a file's spans.

    Args:
        attributes: keys of span or resource attributes that become columns, texts all of them.
        usage: those that make a span one with usage.
        kept: those of which a span needs one, or one of `usage`, to become a row.
    """
    names = list(dict.fromkeys(attributes))
    kind = "jsonl" if file_format(source, path.name) == "jsonl" else "json"
    for size in _SIZES:
        file = f"{literal(str(path))}, format={literal(layout(path, kind))}"
        try:
            _check(con, f"{file}, maximum_object_size={size}")
            _gather(con, f"{file}, maximum_object_size={size}", names, list(usage), list(kept))
        except duckdb.InvalidInputException as error:
            if "maximum_object_size" in str(error) and size != _SIZES[-1]:
                continue
            raise
        break
    con.execute(_ANCESTORS)
    columns = [*SPAN_COLUMNS, *names]
    listed = ", ".join(identifier(name) for name in columns)
    scan = (
        f"(select {listed} from (select spans.*, climbed.ancestor_span_ids, "
        "spans.has_usage and parents.span_id is null as is_leaf from otlp_spans as spans "
        "left join otlp_climbed as climbed using (trace_id, span_id) "
        "left join otlp_parents as parents using (trace_id, span_id)) "
        "where is_row order by place)"
    )
    return Reader(
        columns, lambda used: scan, lambda name: f"cast({identifier(name)} as varchar)", {}
    )


def _check(con: duckdb.DuckDBPyConnection, file: str) -> None:
    """Refuse documents that are no export of spans: they would read as one without any."""
    bad = con.execute(
        "select place from (select row_number() over () as place, json "
        f"from read_json_objects({file})) "
        "where json_type(json, '$.resourceSpans') is distinct from 'ARRAY' "
        # An empty export, and those of metrics and logs, which the Collector may mix in.
        "and not (json_keys(json) <@ ['resourceMetrics', 'resourceLogs'] "
        "and json_type(json) = 'OBJECT') limit 1"
    ).fetchone()
    if bad is not None:
        raise BrokenFileError(
            "this record is no OTLP/JSON export of traces: it has no list resourceSpans",
            row=bad[0],
            next_step="export with OTLP's JSON encoding, such as the Collector's file exporter",
        )


def _gather(
    con: duckdb.DuckDBPyConnection, file: str, names: list[str], usage: list[str], kept: list[str]
) -> None:
    """`otlp_spans`: all spans; of those without a column that is asked for, only the ids."""
    asked = ", ".join(literal(name) for name in names)
    shape = literal(json.dumps(_SHAPE))
    values = ", ".join(f"found[{literal(name)}] as {identifier(name)}" for name in names)
    has_usage = " or ".join(f"{identifier(name)} is not null" for name in usage)
    is_row = " or ".join(f"{identifier(name)} is not null" for name in (*usage, *kept))
    con.execute(
        f"""
        create or replace temp table otlp_spans as
        with resources as (
            select unnest(from_json(json, {shape}).resourceSpans) as one
            from read_json_objects({file})
        ),
        scopes as (
            select
                {_asked("one.resource.attributes", asked)} as shared,
                unnest(list_concat(one.scopeSpans, one.instrumentationLibrarySpans)) as one
            from resources
        ),
        spans as (
            select shared, one.scope.name as scope_name, unnest(one.spans) as span from scopes
        ),
        pairs as (
            select
                span, scope_name,
                list_concat({_asked("span.attributes", asked)}, shared) as pairs
            from spans
        ),
        -- A map has a key once: the span's own before the resource's.
        chosen as (
            select
                span, scope_name,
                map_from_entries(list_filter(pairs, lambda pair, place: list_position(
                    list_transform(pairs, lambda one: one.key), pair.key
                ) = place)) as found
            from pairs
        ),
        named as (
            select
                row_number() over () as place,
                {_id("span.traceId")} as trace_id,
                {_id("span.spanId")} as span_id,
                {_id("span.parentSpanId")} as parent_span_id,
                {_time("span.startTimeUnixNano")} as start_time,
                {_time("span.endTimeUnixNano")} as end_time,
                span.status.code as status_code,
                scope_name,
                {values}
            from chosen
        )
        -- What is no span at all is a row too: it lacks its ids, and is set aside.
        select *, ({has_usage}) as has_usage, ({is_row} or trace_id is null) as is_row from named
        """
    )


# Each usage span climbs to its ancestors, nearest first, as far as the file knows them.
_ANCESTORS = f"""
    create or replace temp table otlp_links as
    select distinct trace_id, span_id, parent_span_id from otlp_spans
    where parent_span_id is not null;
    create or replace temp table otlp_climb as
    with recursive climb as (
        select trace_id, span_id, parent_span_id as ancestor, 1 as depth
        from otlp_spans where has_usage and parent_span_id is not null
        union
        select climb.trace_id, climb.span_id, links.parent_span_id, climb.depth + 1
        from climb inner join otlp_links as links
            on climb.trace_id = links.trace_id and climb.ancestor = links.span_id
        where climb.depth < {_DEPTH}
    )
    select * from climb where ancestor != span_id;
    create or replace temp table otlp_climbed as
    select trace_id, span_id, string_agg(ancestor, ',' order by depth) as ancestor_span_ids
    from otlp_climb group by trace_id, span_id;
    create or replace temp table otlp_parents as
    select distinct trace_id, ancestor as span_id from otlp_climb;
"""


def _asked(attributes: str, asked: str) -> str:
    """SQL of the attributes that are asked for, as pairs of texts."""
    texts = ", ".join(
        f"item.value.{kind}" for kind in ("stringValue", "intValue", "doubleValue", "boolValue")
    )
    listed = (
        "array_to_string(list_transform(item.value.arrayValue.values, "
        "lambda entry: entry.stringValue), ',')"
    )
    found = f"list_filter({attributes}, lambda known: known.key in ({asked}))"
    return (
        f"list_transform({found}, lambda item: "
        f"{{'key': item.key, 'value': nullif(coalesce({texts}, {listed}), '')}})"
    )


def _id(text: str) -> str:
    """SQL of an id in hexadecimal, as most write it; other texts stay as they are."""
    return (
        f"case when regexp_full_match({text}, '[0-9a-fA-F]{{16}}|[0-9a-fA-F]{{32}}') "
        f"then lower({text}) "
        f"when regexp_full_match({text}, '[A-Za-z0-9+/]{{11}}=|[A-Za-z0-9+/]{{22}}==') "
        f"then lower(hex(from_base64({text}))) else nullif({text}, '') end"
    )


def _time(nanoseconds: str) -> str:
    """SQL of a time as text, to the microsecond; what is no count of nanoseconds stays."""
    micros = f"try_cast({nanoseconds} as bigint) // 1000"
    return (
        f"case when regexp_full_match({nanoseconds}, '[0-9]{{1,18}}|[1-8][0-9]{{18}}') then "
        f"strftime(make_timestamp({micros}), '%Y-%m-%d %H:%M:%S.%f') else {nanoseconds} end"
    )
