"""kill -9 of BigQuery in mid-build; then a run: the marts of an undisturbed one."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from orchestration.landing.lake import now
from tests.bigquery import scenarios
from tests.bigquery.compare import differences
from tests.bigquery.process import BigQueryServer
from tests.bigquery.readers import bigquery_marts, duckdb_marts
from tests.bigquery.twins import Twins, tell

pytestmark = pytest.mark.slow

SHARE = 0.4
"""The share of the nodes at which it strikes: within the cost ledger, and some are on their way."""
PATIENCE = 5
"""Seconds until a run that lost its server is ended too: Google's clients retry for ten minutes."""


def test_a_server_killed_in_mid_build_and_a_run_give_the_undisturbed_marts(
    fresh: Twins, tmp_path: Path
) -> None:
    server = BigQueryServer(tmp_path / "server", answers=fresh.answers).start()
    workspace = tmp_path / "workspace"
    try:
        # What landed is there, as late as the expected marts have it; the server has nothing.
        shutil.copytree(fresh.bigquery, workspace)
        scenarios.age(workspace, now())
        scenarios.move_to(workspace, _place(server))
        process = scenarios.start_product(workspace)
        struck = _strike(process, server)
        server.restart()
        scenarios.move_to(workspace, _place(server))
        tell(f"killed at {struck} of the nodes")
        scenarios.run_product(workspace)
        public = scenarios.public_names(fresh.duckdb)
        expected = duckdb_marts(fresh.duckdb / "published" / "marts.duckdb", public)
        found = differences(expected, bigquery_marts(server.client(), ""))
        assert not found, "\n".join(found)
    finally:
        server.kill()


def _place(server: BigQueryServer) -> scenarios.Server:
    return scenarios.Server(server.project, server.endpoint)


def _strike(process: subprocess.Popen[str], server: BigQueryServer) -> str:
    """Kill the server when its share of the nodes is built; a run that ends by itself says so in a
    sentence."""
    assert process.stdout is not None
    struck, printed = "", []
    for line in process.stdout:
        printed.append(line)
        done = re.match(r"(\d+) of (\d+) ", line)
        if done and int(done[1]) >= SHARE * int(done[2]):
            struck = f"{done[1]} of {done[2]}"
            server.kill()
            break
    assert struck, "".join(printed)[-3000:]
    try:
        rest, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1 and "Traceback" not in rest, rest[-3000:]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    return struck
