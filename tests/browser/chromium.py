"""Headless Chromium of Debian's packages, and servers on 127.0.0.1 that end with the test."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

STARTUP_SECONDS = 180
CHROMIUM = shutil.which("chromium")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_up(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text()[-3000:]
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"no answer in {STARTUP_SECONDS} s:\n{log.read_text()[-3000:]}")


def dom(address: str, profile: Path) -> str:
    """The page as the browser has it once its requests are answered."""
    command = [
        *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
        *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
        *("--disable-sync", f"--user-data-dir={profile}", "--window-size=1900,1200"),
        *("--virtual-time-budget=30000", "--dump-dom", address),
    ]
    found = subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)
    return found.stdout


class Page:
    """A page of a running Chromium, driven over its debugging protocol.

    For pages that are drawn over a websocket: --dump-dom does not wait for these.
    """

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.number = 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv(timeout=60))
            if answer.get("id") == self.number:
                return dict(answer["result"])

    def text(self) -> str:
        """What a person reads on the page."""
        found = self.call("Runtime.evaluate", expression="document.body.innerText")
        return str(found["result"].get("value", ""))

    def wait_for(self, *texts: str, seconds: float = 60) -> str:
        """The page's text once it holds all of these."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if all(wanted in self.text() for wanted in texts):
                return self.text()
            time.sleep(0.5)
        raise AssertionError(f"{texts} not on the page within {seconds} s:\n{self.text()[:2000]}")

    def screenshot(self, file: Path) -> None:
        """The page as a PNG."""
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(found["data"]))


@contextmanager
def browse(address: str, profile: Path) -> Iterator[Page]:
    """The address in a Chromium of its own, which ends with the block."""
    port = free_port()
    command = [
        *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
        *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
        *("--disable-sync", f"--user-data-dir={profile}", "--window-size=1500,2600"),
        *(f"--remote-debugging-port={port}", address),
    ]
    browser = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        until = time.monotonic() + 60
        pages: list[dict[str, str]] = []
        while not pages and time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=2) as listed:
                    pages = [item for item in json.load(listed) if item["type"] == "page"]
            except OSError:
                time.sleep(0.3)
        with connect(pages[0]["webSocketDebuggerUrl"], max_size=None, open_timeout=30) as channel:
            yield Page(channel)
    finally:
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait(20)
