"""`twinledger` as a process that tests start: `python -m tests.product [flags] run …`.

Its `orchestration` is that of the folder that it runs in.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from orchestration.build import runner
from orchestration.cli import main
from orchestration.landing import gate_step
from orchestration.settings import PROJECT_ROOT
from tests.parses import FOLDER, share_parses

WITHOUT_DATA_TESTS = "--without-data-tests"
WITHOUT_GATE = "--without-gate"
"""Without Great Expectations."""


def start(workspace: Path, *arguments: str, project: Path = PROJECT_ROOT) -> subprocess.Popen[str]:
    """The process, in a process group of its own, with one stream of all that it prints.

    Args:
        arguments: flags of this module, then those of `twinledger`.
        project: the checkout. `python -m` looks for modules there first.
    """
    return subprocess.Popen(
        [sys.executable, "-m", __name__, *arguments, "--settings", workspace / "twinledger.toml"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": f"{project}{os.pathsep}{PROJECT_ROOT}", "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def taken(flag: str) -> bool:
    """Whether the flag is there; it is not left for `twinledger`."""
    found = flag in sys.argv
    if found:
        sys.argv.remove(flag)
    return found


def as_prepared(*arguments: Any) -> Any:
    """Stand in for the gate: the loads, its last argument, without verdicts."""
    return arguments[-1]


if __name__ == "__main__":
    if FOLDER in os.environ:
        share_parses(Path(os.environ[FOLDER]))
    if taken(WITHOUT_DATA_TESTS):
        runner.NOT_RUN += ("test",)
    if taken(WITHOUT_GATE):
        gate_step.judge_loads = as_prepared  # type: ignore[assignment]
    main()
