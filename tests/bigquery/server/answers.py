"""GoogleSQL's earlier answers: what it says depends on nothing but the bytes of the request.

A request holds the statement, the dialect, the types and the rows of all that is read. The servers
of one test run share a folder of answers: each build of a scenario asks most of what the one before
it asked.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path


class Answers:
    """The answers in a folder that several servers may use at once; without one nothing is kept."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Lock] = {}

    def get_or(self, method: str, request: bytes, ask: Callable[[], bytes]) -> bytes:
        """What was kept for the request, or is asked now. Errors are asked for again."""
        if self.folder is None:
            return ask()
        name = hashlib.blake2b(method.encode() + b"\0" + request, digest_size=20).hexdigest()
        file = self.folder / name[:2] / name[2:]
        # Threads that need the same at once wait for the first of them.
        with self._lock:
            one_at_a_time = self._asking.setdefault(name, threading.Lock())
        with one_at_a_time:
            try:
                return file.read_bytes()
            except FileNotFoundError:
                answer = ask()
            file.parent.mkdir(parents=True, exist_ok=True)
            # Whole or not at all, whoever else writes it and whenever this server is killed.
            fresh = file.with_name(f"{file.name}.{os.getpid()}-{threading.get_ident()}")
            fresh.write_bytes(answer)
            fresh.replace(file)
            return answer


ANSWERS = Answers()
"""Those of this process."""
