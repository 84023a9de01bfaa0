"""dbt reads the project once for all workspaces of a test run, whatever process they are run in.

A workspace of its own a test would have dbt read the whole project anew each time, a quarter of a
run's time, although nothing of what it reads depends on where the workspace lies. dbt itself
compares what was kept with the project and reads again what changed.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from filelock import FileLock

from orchestration.build import runner
from orchestration.settings import PROJECT_ROOT

FOLDER = "TWINLEDGER_TEST_PARSES"
"""The variable that tells tests/product.py the folder of what is kept."""
KEPT = "partial_parse.msgpack"


def share_parses(folder: Path) -> None:
    """From now on, in this process, start each parse of the project from what was kept in `folder`,
    and keep what it gave."""
    parse = runner.DbtSession.parse

    def shared(session: runner.DbtSession) -> Any:
        if session.manifest is not None or vars(runner)["PROJECT_ROOT"] != PROJECT_ROOT:
            return parse(session)
        _leave_out_the_path()
        settings = session.settings
        prefix = session.warehouse.environment()["TWINLEDGER_SCHEMA_PREFIX"]
        name = "-".join(
            (
                session.warehouse.target,
                settings.build.stem,
                settings.warehouse.reporting_currency,
                prefix,
            )
        )
        kept, own = folder / name / KEPT, session.target / KEPT
        kept.parent.mkdir(parents=True, exist_ok=True)
        # Processes that start together wait for the first of them to read.
        with FileLock(kept.with_suffix(".lock")):
            if not kept.exists():
                manifest = parse(session)
                fresh = kept.with_suffix(f".{os.getpid()}")
                shutil.copyfile(own, fresh)
                fresh.replace(kept)
                return manifest
        if not own.exists():
            own.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(kept, own)
        return parse(session)

    runner.DbtSession.parse = shared  # type: ignore[assignment,method-assign]


def _leave_out_the_path() -> None:
    """DuckDB's file is the one thing of a workspace that dbt compares; no model reads it."""
    from dbt.adapters.duckdb.credentials import DuckDBCredentials

    keys = DuckDBCredentials._connection_keys
    if not hasattr(keys, "without_path"):

        def connection_keys(self: Any) -> tuple[str, ...]:
            return tuple(key for key in keys(self) if key != "path")

        connection_keys.without_path = True  # type: ignore[attr-defined]
        DuckDBCredentials._connection_keys = connection_keys
