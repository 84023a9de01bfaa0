"""The test-only BigQuery server as a process: start, kill -9, restart on the same state; and where
a server of Cloud Storage is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.cloud import bigquery

ROOT = Path(__file__).resolve().parents[2]
# The first start on a machine compiles the wasm module (a minute under load) for all later ones.
START_SECONDS = 300


class BigQueryServer:
    """One server over `folder`; `endpoint` changes with a restart, the state stays.

    Args:
        storage: the address that gs:// is read from.
        answers: a folder of GoogleSQL's answers, which several servers may share.
    """

    project = "test-project"

    def __init__(
        self, folder: Path, storage: str | None = None, answers: Path | None = None
    ) -> None:
        self.folder = folder
        self.storage = storage
        self.answers = answers
        self.endpoint = ""
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def start(self) -> BigQueryServer:
        """Returns when it answers; raises RuntimeError with its log's end where it does not."""
        ready = self.folder / "ready"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.bigquery.server", "--while-stdin", "--port", "0"]
        command += ["--state", str(self.folder / "state"), "--ready", str(ready)]
        command += ["--storage", self.storage] if self.storage else []
        command += ["--answers", str(self.answers)] if self.answers else []
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.PIPE,  # closed when this process ends, and with it the server
                stdout=log,
                stderr=log,
                env=os.environ | {"TZ": "UTC"},
            )
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the BigQuery server did not start: {self.log[-2000:]}")
            time.sleep(0.02)
        self.endpoint = f"http://{ready.read_text(encoding='utf-8')}"
        return self

    def kill(self) -> None:
        """kill -9, at whatever it is doing."""
        if self.process:
            self.process.kill()
            self.ended()

    def ended(self) -> int:
        """The exit code, once it is gone."""
        process, self.process = self.process, None
        assert process and process.stdin
        code = process.wait(timeout=60)
        process.stdin.close()
        return code

    def restart(self) -> BigQueryServer:
        self.kill()
        return self.start()

    def stop(self) -> None:
        """The clean end; raises RuntimeError where the server does not end by itself with 0."""
        if not self.process:
            return
        self.process.terminate()
        code = self.ended()
        if code:
            raise RuntimeError(f"the BigQuery server ended with {code}: {self.log[-2000:]}")

    def client(self) -> bigquery.Client:
        """Google's own client, without credentials."""
        from google.api_core.client_options import ClientOptions
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import bigquery

        options = ClientOptions(api_endpoint=self.endpoint)
        return bigquery.Client(self.project, AnonymousCredentials(), client_options=options)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")


@dataclass(frozen=True)
class Storage:
    """A bucket on a server of Cloud Storage's JSON API; fsspec reaches it with `options`."""

    endpoint: str
    bucket: str = "lake"

    @property
    def options(self) -> dict[str, str]:
        return {"endpoint_url": self.endpoint, "token": "anon", "project": BigQueryServer.project}
