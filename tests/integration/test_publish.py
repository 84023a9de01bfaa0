"""Publishing while readers read, while the disk is full, and after a crash."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import TwinledgerError
from orchestration.pipeline import run
from orchestration.publishing import publish
from orchestration.settings import Settings
from tests.integration.mini_project import SETTINGS, use_mini_project, write_days

SWAPS = 100  # as many as it takes to meet every moment of a swap


@pytest.fixture
def built(
    tmp_path: Path,
    workspace: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    no_gate: None,
) -> Settings:
    """A workspace whose build is done and published once."""
    use_mini_project(tmp_path / "project", monkeypatch)
    settings = workspace(SETTINGS)
    write_days(settings.folder, 20)
    run(settings)
    return settings


def ids(con: duckdb.DuckDBPyConnection) -> tuple[int, str]:
    """What a reader sees in one query: rows of the mart, and the publish it belongs to."""
    row = con.execute(
        "select (select count(*) from cost_ledger.daily_costs),"
        " (select max_by(publish_id, published_at) from publish_log)"
    ).fetchone()
    assert row is not None
    return row


def test_readers_see_one_whole_publish_through_a_hundred_swaps(built: Settings) -> None:
    file = built.publish / "marts.duckdb"
    other = subprocess.Popen(
        [sys.executable, "-c", READER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None and other.stdin is not None
    assert other.stdout.readline().startswith(b"reading")
    held = duckdb.connect(str(file), read_only=True)
    first = ids(held)
    failures: list[str] = []
    done = threading.Event()

    def keep_reading() -> None:
        while not done.is_set():
            try:
                with duckdb.connect(str(file), read_only=True) as con:
                    if ids(con)[0] != 20:
                        failures.append("half a publish")
            except duckdb.Error as error:
                failures.append(str(error))

    reader = threading.Thread(target=keep_reading)
    reader.start()
    for number in range(SWAPS):
        publish(built, publish_id=f"swap-{number:03d}")
    done.set()
    reader.join()
    assert failures == []
    # The reader from before the swaps still reads what it opened.
    assert ids(held) == first
    held.close()
    with duckdb.connect(str(file), read_only=True) as con:
        assert ids(con) == (20, f"swap-{SWAPS - 1:03d}")
    answer, _ = other.communicate(b"stop\n", timeout=30)
    seen = dict(line.split("=") for line in answer.decode().split())
    assert seen["failures"] == "0" and int(seen["publishes"]) > 1


READER = """
import sys, threading, duckdb
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
print("reading", flush=True)
seen, failures = set(), 0
while not stop.is_set():
    try:
        with duckdb.connect(sys.argv[1], read_only=True) as con:
            found = {con.execute(
                "select (select count(*) from cost_ledger.daily_costs),"
                " (select max_by(publish_id, published_at) from publish_log)"
            ).fetchone() for _ in range(2)}
            failures += len(found) != 1 or {rows for rows, _ in found} != {20}
            seen |= found
    except duckdb.Error:
        failures += 1
print(f"failures={failures}", f"publishes={len(seen)}")
"""


def test_a_crash_before_the_swap_leaves_the_old_marts_and_no_rubbish(
    built: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = built.publish / "marts.duckdb"
    before = file.read_bytes()
    orphan = built.publish / ".candidate-20260101T000000Z-dead.duckdb"
    orphan.write_bytes(b"half a file")

    def crash(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("orchestration.publishing.write._fsync", crash)
        with pytest.raises(KeyboardInterrupt):
            publish(built, publish_id="crashed")
    assert file.read_bytes() == before
    publish(built, publish_id="after")
    assert sorted(path.name for path in built.publish.iterdir()) == ["marts.duckdb", "parquet"]


def test_a_candidate_that_differs_from_the_build_is_not_published(
    built: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (built.publish / "marts.duckdb").read_bytes()

    def lose_a_row(con: duckdb.DuckDBPyConnection, *rest: object) -> None:
        con.execute("delete from cost_ledger.daily_costs where charge_date = '2026-08-03'")

    monkeypatch.setattr("orchestration.publishing.write.write_parquet", lose_a_row)
    with pytest.raises(TwinledgerError, match=r"differs from the build in cost_ledger.daily_costs"):
        publish(built, publish_id="lossy")
    assert (built.publish / "marts.duckdb").read_bytes() == before


def test_a_full_disk_is_told_and_the_old_marts_stay(built: Settings, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a small file system: run the tests as root")
    try:
        warehouse = built.warehouse.model_copy(update={"publish": small})
        full = built.model_copy(update={"warehouse": warehouse})
        (small / "marts.duckdb").write_bytes(b"the old marts")
        (small / "ballast").write_bytes(b"0" * 600_000)
        with pytest.raises(TwinledgerError, match=f"cannot publish to {small}") as told:
            publish(full, publish_id="full")
        assert "space" in str(told.value)
        assert (small / "marts.duckdb").read_bytes() == b"the old marts"
        subprocess.run(["mount", "-o", "remount,size=50m", str(small)], check=True)
        assert publish(full, publish_id="later").tables > 0
    finally:
        subprocess.run(["umount", str(small)], check=False)


def test_an_open_build_file_is_told_with_the_process(built: Settings) -> None:
    write_days(built.folder, 25)
    holder = subprocess.Popen(
        [sys.executable, "-c", f"import duckdb; c = duckdb.connect({str(built.build)!r});"
         " print('open', flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(TwinledgerError, match=f"PID {holder.pid}") as told:
            run(built)
        assert "marts.duckdb" in told.value.next_step
    finally:
        holder.communicate(b"\n")
    assert run(built).outcome == "published"
