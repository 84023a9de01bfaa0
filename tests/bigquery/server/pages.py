"""Lists and rows a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.bigquery.server.errors import BigQueryError, not_implemented
from tests.bigquery.server.rest import JSON, Request
from tests.bigquery.server.texts import cell
from tests.bigquery.server.types import Field


def number(text: str, name: str) -> int:
    if not text.isdigit():
        raise BigQueryError(f"Invalid value for {name}: {text}", 400, "invalidParameter")
    return int(text)


def page(request: Request, found: list[JSON], name: str, size: int) -> JSON:
    """A part of a list, and the token of the next."""
    start = number(request.query.get("pageToken") or "0", "pageToken")
    size = number(request.query.get("maxResults") or str(size), "maxResults") or size
    answer: JSON = {name: found[start : start + size]}
    if start + size < len(found):
        answer["nextPageToken"] = str(start + size)
    return answer


def rows_page(request: Request, fields: Sequence[Field], rows: Sequence[tuple[Any, ...]]) -> JSON:
    """`rows`, `totalRows`, `pageToken`. With maxResults=0 there is no `rows`: the client would take
    an empty list for the first page of the result."""
    query = request.query
    zone = any("TIMESTAMP" in field.type.sql for field in fields)
    start = number(query.get("pageToken") or query.get("startIndex") or "0", "startIndex")
    size = number(query.get("maxResults", "10000"), "maxResults")
    answer: JSON = {"totalRows": str(len(rows))}
    if size:
        if zone and query.get("formatOptions.useInt64Timestamp", "").lower() != "true":
            not_implemented("timestamps other than by formatOptions.useInt64Timestamp")
        kinds = [field.type for field in fields]
        answer["rows"] = [
            {"f": [{"v": cell(v, kind)} for v, kind in zip(row, kinds, strict=True)]}
            for row in rows[start : start + size]
        ]
        if start + size < len(rows):
            answer["pageToken"] = str(start + size)
    return answer
