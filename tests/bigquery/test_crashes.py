"""What a kill -9 of the server leaves: every statement done with its job, or not begun."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import threading
import time

import pytest
from google.api_core import exceptions

from tests.bigquery.process import ROOT
from tests.bigquery.server.disk import Disk

STEPS = 8
WRITER = """
import sys
from pathlib import Path
from tests.bigquery.server.disk import Disk
disk = Disk(Path(sys.argv[1]))
number = max(disk.load().values(), default=(0,))[0]
print("ready", flush=True)
while True:
    number += 1
    disk.commit({(name,): (number, "x" * 5000) for name in "abc"} | {("gone",): None})
"""


def test_a_commit_is_whole_or_not_there_after_a_kill(tmp_path):
    numbers = [0]
    for turn in range(15):
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
            assert writer.stdout
            writer.stdout.readline()
            time.sleep(random.uniform(0, 0.05))
            writer.kill()
        found = Disk(tmp_path).load()
        assert len({number for number, _ in found.values()}) <= 1, f"turn {turn}: {found.keys()}"
        assert set(found) in ({("a",), ("b",), ("c",)}, set())
        numbers.append(max(found.values(), default=(0, ""))[0])
        assert numbers[-1] >= numbers[-2]
    assert numbers[-1] > 0
    assert len(list((tmp_path / "objects").iterdir())) == 3


@pytest.mark.parametrize("torn", [b"", b"[", b'[[["a"], "9"]]', b"\x00"])
def test_a_torn_last_line_is_no_commit(tmp_path, torn):
    disk = Disk(tmp_path)
    disk.commit({("a",): 1})
    disk.commit({("a",): 2, ("b",): 3})
    with (tmp_path / "log").open("ab") as log:
        log.write(torn)
    again = Disk(tmp_path)
    assert again.load() == {("a",): 2, ("b",): 3}
    again.commit({("b",): None, ("c",): 4})
    assert Disk(tmp_path).load() == {("a",): 2, ("c",): 4}


def test_a_restart_serves_what_was_there(own_bigquery):
    client = own_bigquery.client()
    client.create_dataset("d")
    client.query(
        "create table d.t as select 1 as a, numeric '0.1' as n", job_id="made", job_retry=None
    ).result()
    client.query("create view d.v as select a + 1 as b from d.t").result()
    selected = client.query("select 7 as x", job_id="selected", job_retry=None)
    selected.result()
    before = client.get_table("d.t").to_api_repr()
    for end in (own_bigquery.stop, own_bigquery.kill):
        end()
        client = own_bigquery.start().client()
        assert client.get_table("d.t").to_api_repr() == before
        assert [tuple(row) for row in client.query_and_wait("select * from d.v")] == [(2,)]
        assert client.get_job("made").state == "DONE"
        assert [row.x for row in client.get_job("selected").result()] == [7]


def test_a_kill_at_any_moment_leaves_the_statement_done_or_not_begun(own_bigquery):
    """Each step adds its rows to one table, by load and by merge in turn, and is sent again with
    its job id after a kill: no row may be there twice or be missing, whenever the kill came."""
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    client = own_bigquery.client()
    client.create_dataset("d")
    client.query("create table d.t (step int64, i int64, text string)").result()
    rows, took, survived = 400, 0.3, {True: 0, False: 0}
    for step in range(STEPS):
        killer = threading.Timer(chance.uniform(0, took * 1.2), own_bigquery.kill)
        killer.start()
        began = time.monotonic()
        send(client, step, rows)
        took = max(0.05, time.monotonic() - began)
        killer.join()
        client = own_bigquery.start().client()
        there = client.query_and_wait(f"select count(*) as n from d.t where step = {step}")
        count = next(iter(there)).n
        assert count in (0, rows), f"seed {seed}, step {step}: {count} rows"
        done = exists(client, f"step-{step}")
        assert done == (count == rows), f"seed {seed}, step {step}: job {done}, {count} rows"
        survived[done] += 1
        if not done:
            assert send(client, step, rows), f"seed {seed}, step {step}: not repeatable"
    totals = client.query_and_wait(
        "select step, count(*), count(distinct i) from d.t group by step"
    )
    assert sorted(map(tuple, totals)) == [(step, rows, rows) for step in range(STEPS)]
    assert survived[False], f"seed {seed}: no kill came before its statement was done"


def send(client, step: int, rows: int) -> bool:
    """Whether the step's job was answered as done."""
    job_id = f"step-{step}"
    try:
        if step % 2:
            text = "".join(f"{step},{i},{'x' * 50}\n" for i in range(rows))
            file = io.BytesIO(text.encode())
            client.load_table_from_file(file, "d.t", job_id=job_id, num_retries=0).result(
                retry=None
            )
        else:
            client.query(
                f"merge d.t using (select i from unnest(generate_array(1, {rows})) as i) as s "
                f"on t.step = {step} and t.i = s.i "
                f"when not matched then insert (step, i, text) values ({step}, i, 'x')",
                job_id=job_id,
                retry=None,
                job_retry=None,
            ).result(retry=None, job_retry=None)
    except (OSError, exceptions.GoogleAPICallError, exceptions.RetryError):
        return False
    return True


def exists(client, job_id: str) -> bool:
    try:
        return client.get_job(job_id).state == "DONE"
    except exceptions.NotFound:
        return False
