"""One writer a workspace, whoever starts it: the command line, Dagster, a second terminal.

The operating system holds the lock and frees it when the process dies, so a crash leaves nothing to
clean up. The name of the holder stands in a file beside the lock, for the message only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from filelock import FileLock, Timeout

from orchestration.errors import TwinledgerError

if TYPE_CHECKING:
    from orchestration.settings import Settings


class LockedError(TwinledgerError):
    """Another writer is at work in this workspace."""


def new_run_id() -> str:
    """Sortable by time, unique without a counter: `20261121T040509Z-1a2b3c4d`."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}"


@contextmanager
def writer_lock(settings: Settings, purpose: str, wait_seconds: float = 0) -> Iterator[str]:
    """Hold the workspace's writer lock for the block; yields the run's id.

    Args:
        purpose: what the holder does, as others shall read it ("run", "build", "publish").
        wait_seconds: how long to wait for another writer; 0 gives up at once, -1 waits for ever.

    Raises:
        LockedError: another process or thread holds the lock.
    """
    folder = Path(settings.work)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "writer.lock", timeout=wait_seconds)
    try:
        lock.acquire()
    except Timeout:
        raise LockedError(
            holder(settings) or "another writer holds the lock",
            "wait for it to end, or stop that process; the lock goes with it",
        ) from None
    run_id = new_run_id()
    name = folder / "writer.json"
    try:
        started = datetime.now(UTC).isoformat(timespec="seconds")
        text = {"run_id": run_id, "purpose": purpose, "pid": os.getpid(), "since": started}
        name.write_text(json.dumps(text), encoding="utf-8")
        yield run_id
    finally:
        name.unlink(missing_ok=True)
        lock.release()


def holder(settings: Settings) -> str | None:
    """Who holds (or, after a crash, last held) the lock: `run … holds the lock since …`."""
    try:
        text = json.loads((Path(settings.work) / "writer.json").read_text(encoding="utf-8"))
        return (
            f"{text['purpose']} {text['run_id']} holds the lock since {text['since']}"
            f" (process {text['pid']})"
        )
    except (OSError, ValueError, KeyError):
        return None


def is_locked(settings: Settings) -> bool:
    """Whether a writer is at work now; takes and frees the lock to find out."""
    lock_file = Path(settings.work) / "writer.lock"
    if not lock_file.exists():
        return False
    try:
        with FileLock(lock_file, timeout=0):
            return False
    except Timeout:
        return True
