"""HTTP: routes of BigQuery's REST API v2, and errors in Google's JSON shape.

A route that is not here answers 501 with its method and path: nothing passes that was not done.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.bigquery.server.errors import BigQueryError

JSON = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One call; `path` without the API's prefix, `names` what the route's braces matched."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # by lower-case name
    body: bytes
    host: str  # "127.0.0.1:port", for the addresses of resumable uploads
    names: dict[str, str] = field(default_factory=dict)

    def json(self) -> JSON:
        """The body as an object. Raises BigQueryError (400) where it is none."""
        try:
            parsed = json.loads(self.body or b"{}")
        except ValueError as error:
            raise BigQueryError(f"Parse error: {error}", 400, "parseError") from error
        if not isinstance(parsed, dict):
            raise BigQueryError("The request's body must be a JSON object", 400, "parseError")
        return parsed


@dataclass(frozen=True)
class Response:
    body: JSON | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Request], "Response | JSON | None"]


class Router:
    """Routes as `METHOD /path/{name}`; a handler gives JSON (200), None (204) or a Response."""

    def __init__(self) -> None:
        self.routes: list[tuple[str, re.Pattern[str], Handler]] = []

    def add(self, route: str, handler: Handler) -> None:
        method, pattern = route.split(" ")
        expression = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
        self.routes.append((method, re.compile(expression), handler))

    def answer(self, request: Request) -> Response:
        for method, pattern, handler in self.routes:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                names = {name: unquote(text) for name, text in match.groupdict().items()}
                answer = handler(Request(**{**request.__dict__, "names": names}))
                if isinstance(answer, Response):
                    return answer
                return Response(answer) if answer is not None else Response(None, 204)
        raise BigQueryError(
            f"Not implemented by the test server: {request.method} {request.path}",
            501,
            "notImplemented",
        )


def problem(message: str, code: int, reason: str) -> Response:
    """An error as Google's APIs write it."""
    errors = [{"message": message, "domain": "global", "reason": reason}]
    return Response({"error": {"code": code, "message": message, "errors": errors}}, code)


def serve(router: Router, port: int) -> ThreadingHTTPServer:
    """A server on 127.0.0.1 (port 0: any free one), not yet started."""

    class Connection(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body are two writes, of which Nagle's algorithm would hold back the second.
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def answer(self) -> None:
            self.reply(respond(router, self.request_of_client()))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def request_of_client(self) -> Request:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length") or 0))
            if headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            address = urlsplit(self.path)
            return Request(
                self.command,
                re.sub(r"^(/upload|/resumable/upload)?/bigquery/v2", r"\1", address.path),
                dict(parse_qsl(address.query)),
                headers,
                body,
                f"127.0.0.1:{self.connection.getsockname()[1]}",
            )

        def reply(self, response: Response) -> None:
            body = b"" if response.body is None else json.dumps(response.body).encode()
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", port), Connection)
    server.daemon_threads = True
    return server


def respond(router: Router, request: Request) -> Response:
    """The answer, or the error in Google's shape; a fault of this server is a 501, never a pass."""
    try:
        return router.answer(request)
    except BigQueryError as error:
        return problem(str(error), error.code, error.reason)
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        message = f"Fault of the test server: {type(error).__name__}: {error}"
        return problem(f"{message} at {request.method} {request.path}", 501, "notImplemented")
