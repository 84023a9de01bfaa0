"""kill -9 of the BigQuery server while a build runs on it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

from tests.bigquery import scenarios
from tests.bigquery.process import BigQueryServer
from tests.bigquery.twins import Twins, tell

SHARE = 0.4
"""The share of the nodes at which it strikes: within the cost ledger, and some are on their way."""
PATIENCE = 5
"""Seconds until a run that lost its server is ended too: Google's clients retry for ten minutes."""


def kill_in_mid_build(twins: Twins, project: Path) -> None:
    """Start a run of BigQuery's twin from the checkout `project`, kill the server in the middle of
    it, and start the server again on what it had written."""
    server = twins.server
    assert isinstance(server, BigQueryServer)
    process = scenarios.start_product(twins.bigquery, project=project)
    tell(f"killed at {_strike(process, server)} of the nodes")
    server.restart()
    scenarios.move_to(twins.bigquery, scenarios.Server(server.project, server.endpoint))


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
