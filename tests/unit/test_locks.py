"""One writer a workspace; the operating system frees the lock of one that died."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from orchestration.locks import LockedError, holder, is_locked, writer_lock
from orchestration.settings import Settings

HOLDER = """
import sys, time
from orchestration.locks import writer_lock
from orchestration.settings import load_settings
with writer_lock(load_settings(sys.argv[1]), "run") as run_id:
    print(run_id, flush=True)
    time.sleep(60)
"""


def test_a_second_writer_is_told_who_holds_the_lock(workspace: Callable[..., Settings]) -> None:
    settings = workspace("")
    with writer_lock(settings, "run") as run_id:
        assert is_locked(settings)
        with (
            pytest.raises(LockedError, match=rf"run {run_id} holds the lock since \d"),
            writer_lock(settings, "publish"),
        ):
            pass
    assert not is_locked(settings)
    assert holder(settings) is None


def test_a_killed_writer_leaves_no_lock(workspace: Callable[..., Settings]) -> None:
    settings = workspace("")
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(settings.file)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    with (
        pytest.raises(LockedError, match=rf"run {run_id} .*process {process.pid}"),
        writer_lock(settings, "run"),
    ):
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with writer_lock(settings, "run") as other:
        assert other != run_id


def test_workspaces_do_not_wait_for_each_other(workspace: Callable[..., Settings]) -> None:
    with (
        writer_lock(workspace("", "one"), "run") as one,
        writer_lock(workspace("", "other"), "run") as other,
    ):
        assert one != other
