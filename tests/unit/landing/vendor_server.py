"""A local server that answers like the vendors' usage and cost APIs: pages, limits, faults.

What it checks is what the APIs document: the key, bucket widths, limits and groups. Ungrouped
dimensions come back null.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "sk-admin-canary-7Hq2Zx9"

_BY_MODEL = {"project_id", "user_id", "api_key_id", "model"}
OPENAI_GROUPS = {
    "usage/completions": {*_BY_MODEL, "batch", "service_tier", "api_source"},
    "usage/embeddings": _BY_MODEL,
    "usage/moderations": _BY_MODEL,
    "usage/images": {*_BY_MODEL, "size", "source"},
    "usage/audio_speeches": _BY_MODEL,
    "usage/audio_transcriptions": _BY_MODEL,
    "usage/vector_stores": {"project_id"},
    "usage/code_interpreter_sessions": {"project_id"},
    "usage/file_search_calls": {"project_id", "user_id", "api_key_id", "vector_store_id"},
    "usage/web_search_calls": {*_BY_MODEL, "context_level"},
    "costs": {"project_id", "line_item", "api_key_id"},
}
ANTHROPIC_GROUPS = {
    "usage_report/messages": {
        "account_id", "api_key_id", "context_window", "inference_geo", "model",
        "service_account_id", "service_tier", "speed", "workspace_id",
    },
    "cost_report": {"description", "workspace_id"},
}  # fmt: skip
_LIMITS = {"1d": 31, "1h": 168, "1m": 1440}
_STEPS = {"1d": timedelta(days=1), "1h": timedelta(hours=1), "1m": timedelta(minutes=1)}

Bucket = Callable[[datetime, datetime, list[Any]], dict[str, Any]]


def openai_bucket(start: datetime, end: datetime, results: list[Any]) -> dict[str, Any]:
    return {
        "object": "bucket",
        "start_time": int(start.timestamp()),
        "end_time": int(end.timestamp()),
        "results": results,
    }


def anthropic_bucket(start: datetime, end: datetime, results: list[Any]) -> dict[str, Any]:
    form = "%Y-%m-%dT%H:%M:%SZ"
    return {
        "starting_at": start.strftime(form),
        "ending_at": end.strftime(form),
        "results": results,
    }


def page(buckets: list[dict[str, Any]], next_page: str | None = None) -> dict[str, Any]:
    return {
        "object": "page",
        "data": buckets,
        "has_more": next_page is not None,
        "next_page": next_page,
    }


def day_start(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)


@dataclass
class Asked:
    """One request: the report's path, and its parameters."""

    report: str
    parameters: dict[str, list[str]]

    @property
    def cursor(self) -> str | None:
        return self.parameters.get("page", [None])[0]


@dataclass
class Fault:
    """What goes wrong: `name` for the next `times` requests whose path holds `report`."""

    name: str
    report: str = ""
    times: int = 1
    only_pages: bool = False
    retry_after: str | None = "2"


@dataclass
class VendorServer:
    """One vendor. `data`: report path → start of the bucket (ISO) → its results."""

    vendor: str
    page_buckets: int = 2
    data: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    refused_groups: set[str] = field(default_factory=set)
    older_paths: dict[str, str] = field(default_factory=dict)
    stalled: Event = field(default_factory=Event)
    go_on: Event = field(default_factory=Event)

    def __enter__(self) -> VendorServer:
        handler = type("Handler", (_Handler,), {"vendor": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def is_openai(self) -> bool:
        return self.vendor == "openai"

    def add(self, report: str, start: str, *results: dict[str, Any]) -> None:
        """Results of the bucket that starts at a time (ISO; a day means midnight UTC)."""
        self.data.setdefault(report, {}).setdefault(start, []).extend(results)

    def fault_of(self, asked: Asked) -> Fault | None:
        for fault in self.faults:
            if fault.report in asked.report and fault.times > 0:
                if fault.only_pages and asked.cursor is None:
                    continue
                fault.times -= 1
                return fault
        return None

    def page_of(self, asked: Asked) -> dict[str, Any]:
        """The page that was asked for; ValueError with the API's words for a wrong request."""
        known = OPENAI_GROUPS if self.is_openai else ANTHROPIC_GROUPS
        width = asked.parameters["bucket_width"][0]
        limit = int(asked.parameters["limit"][0])
        groups = set(asked.parameters.get("group_by[]", []))
        daily = asked.report in ("costs", "cost_report")
        if width not in (["1d"] if daily else _LIMITS):
            raise ValueError(f"bucket_width {width} is not supported")
        if not 1 <= limit <= _LIMITS[width]:
            raise ValueError(f"limit {limit} is out of range")
        unknown = groups - known[asked.report] | groups & self.refused_groups
        if unknown:
            raise ValueError(f"group_by: {sorted(unknown)[0]} is not supported")
        buckets = self._buckets(asked, width, groups)
        first = 0
        if asked.cursor is not None:
            first = int(base64.b64decode(asked.cursor.removeprefix("page_")))
        after = first + min(limit, self.page_buckets)
        cursor = "page_" + base64.b64encode(str(after).encode()).decode()
        return page(buckets[first:after], cursor if after < len(buckets) else None)

    def _buckets(self, asked: Asked, width: str, groups: set[str]) -> list[dict[str, Any]]:
        opening, closing = (
            ("start_time", "end_time") if self.is_openai else ("starting_at", "ending_at")
        )
        moments = [asked.parameters[name][0] for name in (opening, closing)]
        start, end = (
            datetime.fromtimestamp(int(text), UTC)
            if self.is_openai
            else datetime.fromisoformat(text)
            for text in moments
        )
        stored = {
            datetime.fromisoformat(time).replace(tzinfo=UTC): results
            for time, results in self.data.get(asked.report, {}).items()
        }
        dimensions = OPENAI_GROUPS if self.is_openai else ANTHROPIC_GROUPS
        build: Bucket = openai_bucket if self.is_openai else anthropic_bucket
        found = []
        while start < end:
            until = start + _STEPS[width]
            results = [
                {
                    name: None if name in dimensions[asked.report] - groups else value
                    for name, value in result.items()
                }
                for time, given in stored.items()
                if start <= time < until
                for result in given
            ]
            found.append(build(start, until, results))
            start = until
        return found


class _Handler(BaseHTTPRequestHandler):
    vendor: VendorServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        root = "/v1/organization/" if self.vendor.is_openai else "/v1/organizations/"
        asked = Asked(parts.path.removeprefix(root), parse_qs(parts.query))
        self.vendor.asked.append(asked)
        older = {old: new for new, old in self.vendor.older_paths.items()}
        if asked.report in self.vendor.older_paths:
            asked.report = "unknown to this server"
        asked.report = older.get(asked.report, asked.report)
        known = OPENAI_GROUPS if self.vendor.is_openai else ANTHROPIC_GROUPS
        if not self._is_allowed():
            sent = self.headers.get("Authorization") or self.headers.get("x-api-key")
            self._error(401, "authentication_error", f"Incorrect API key provided: {sent}")
        elif asked.report not in known:
            self._error(404, "not_found_error", "unknown path")
        elif (fault := self.vendor.fault_of(asked)) is not None:
            self._fail(fault, asked)
        else:
            self._answer(asked)

    def _is_allowed(self) -> bool:
        if self.vendor.is_openai:
            return self.headers.get("Authorization") == f"Bearer {KEY}"
        return (
            self.headers.get("x-api-key") == KEY
            and self.headers.get("anthropic-version") == "2023-06-01"
        )

    def _answer(self, asked: Asked) -> None:
        try:
            self._send(200, json.dumps(self.vendor.page_of(asked)))
        except ValueError as error:
            self._error(400, "invalid_request_error", str(error))

    def _fail(self, fault: Fault, asked: Asked) -> None:
        if fault.name == "throttle":
            self._error(429, "rate_limit_error", "slow down", fault.retry_after)
        elif fault.name == "broken":
            self._error(500, "server_error", f"something broke, not {KEY}")
        elif fault.name == "expired":
            self._error(400, "invalid_request_error", "the page cursor is no longer valid")
        elif fault.name == "moved":
            self._send(302, "", location="http://127.0.0.1:9/elsewhere")
        elif fault.name == "stall":
            self.vendor.stalled.set()
            self.vendor.go_on.wait(30)
            self.close_connection = True
        elif fault.name == "html":
            self._send(200, "<html>be right back</html>")
        elif fault.name == "error_page":
            self._send(200, json.dumps({"error": {"type": "oops", "message": KEY}}))
        elif fault.name == "cut":
            whole = json.dumps(self.vendor.page_of(asked))
            self._send(200, whole[: len(whole) // 2], length=len(whole))
        elif fault.name == "forgetful":
            self._send(200, json.dumps({**self.vendor.page_of(asked), "next_page": None,
                                        "has_more": True}))  # fmt: skip
        elif fault.name == "short":
            self.vendor.page_buckets = 8
            self._send(200, json.dumps({**self.vendor.page_of(asked), "has_more": False}))
        elif fault.name == "circle":
            again = Asked(asked.report, {**asked.parameters, "page": []})
            again.parameters.pop("page")
            cursor = f"page_{fault.times}"
            self._send(200, json.dumps({**self.vendor.page_of(again), "next_page": cursor,
                                        "has_more": True}))  # fmt: skip
        else:
            raise AssertionError(fault.name)

    def _error(self, status: int, kind: str, words: str, retry_after: str | None = None) -> None:
        body = json.dumps({"type": "error", "error": {"type": kind, "message": words}})
        self._send(status, body, retry_after=retry_after)

    def _send(
        self,
        status: int,
        body: str,
        length: int | None = None,
        retry_after: str | None = None,
        location: str | None = None,
    ) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length or len(content)))
        if retry_after is not None:
            self.send_header("Retry-After", retry_after)
        if location is not None:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(content)
        if length is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass
