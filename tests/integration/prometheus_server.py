"""A real Prometheus server on a free port of loopback, with a past and something to scrape."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import mkdtemp
from threading import Thread
from typing import Any

import httpx
import pytest

PATIENCE = 30.0


def openmetrics(series: Mapping[str, list[tuple[datetime, float]]]) -> str:
    """A past: series (name and labels) → its samples."""
    lines = []
    names = dict.fromkeys(name.partition("{")[0] for name in series)
    for name in names:
        family = name.removesuffix("_total")
        lines.append(f"# TYPE {family} {'counter' if family != name else 'unknown'}")
        lines += [
            f"{key} {value!r} {moment.timestamp()!r}"
            for key, samples in series.items()
            if key.partition("{")[0] == name
            for moment, value in samples
        ]
    return "\n".join([*lines, "# EOF", ""])


class Exporter:
    """Answers /metrics with one page after the other, a page a scrape; the last one stays."""

    def __init__(self, pages: list[str]) -> None:
        self.pages = pages
        self.scrapes = 0

    def __enter__(self) -> Exporter:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = outer.pages[min(outer.scrapes, len(outer.pages) - 1)].encode()
                outer.scrapes += 1
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def is_scraped(self) -> bool:
        """Whether all pages were asked for, and the last one was surely taken in."""
        return self.scrapes > len(self.pages)


def wait_until(happened: Callable[[], bool], what: str) -> None:
    """Wait, but not for ever."""
    until = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < until, f"not within {PATIENCE:.0f} s: {what}"
        time.sleep(0.1)


@contextmanager
def prometheus_server(past: str, scraped: str) -> Iterator[str]:
    """The server's address; the test is skipped where none is installed.

    Args:
        past: what it knows already, in the OpenMetrics format.
        scraped: host and port that it scrapes every second, as the job `vllm`.
    """
    prometheus, promtool = shutil.which("prometheus"), shutil.which("promtool")
    if prometheus is None or promtool is None:
        pytest.skip("no Prometheus server; on Debian, as root: apt-get install prometheus")
    folder = Path(mkdtemp(prefix="twinledger-prometheus-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "past.om").write_text(past, encoding="utf-8")
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        f"scrape_configs: [{{job_name: vllm, static_configs: [{{targets: ['{scraped}']}}]}}]\n",
        encoding="utf-8",
    )
    blocks = [promtool, "tsdb", "create-blocks-from", "openmetrics", "past.om", "data"]
    subprocess.run(blocks, check=True, capture_output=True, cwd=folder, timeout=60)
    command = [
        *(prometheus, "--config.file=prometheus.yml", "--storage.tsdb.path=data"),
        *("--storage.tsdb.retention.time=100y", f"--web.listen-address=127.0.0.1:{port}"),
    ]
    address = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, env={"PATH": os.defpath}
        )
        try:
            wait_until(lambda: _is_ready(address), "Prometheus is ready")
            yield address
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()
            shutil.rmtree(folder, ignore_errors=True)


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/-/ready", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
