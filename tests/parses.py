"""dbt reads the project once for all workspaces of a test run.

A workspace of its own a test would have dbt read the whole project anew each time, a quarter of a
run's time, although nothing of what it reads depends on where the workspace lies. dbt itself
compares what was kept with the project and reads again what changed.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from orchestration.build import runner
from orchestration.settings import PROJECT_ROOT

KEPT = "partial_parse.msgpack"


def share_parses(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Start each parse of the project from what was kept in `folder`, and keep what it gave."""
    parse = runner.DbtSession.parse

    def shared(session: runner.DbtSession) -> Any:
        if session.manifest is not None or vars(runner)["PROJECT_ROOT"] != PROJECT_ROOT:
            return parse(session)
        _leave_out_the_path(monkeypatch)
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
        if kept.exists() and not own.exists():
            own.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(kept, own)
        manifest = parse(session)
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            fresh = kept.with_suffix(f".{os.getpid()}")
            shutil.copyfile(own, fresh)
            fresh.replace(kept)
        return manifest

    monkeypatch.setattr(runner.DbtSession, "parse", shared)


def _leave_out_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB's file is the one thing of a workspace that dbt compares; no model reads it."""
    from dbt.adapters.duckdb.credentials import DuckDBCredentials

    keys = DuckDBCredentials._connection_keys
    if not hasattr(keys, "without_path"):

        def connection_keys(self: Any) -> tuple[str, ...]:
            return tuple(key for key in keys(self) if key != "path")

        connection_keys.without_path = True  # type: ignore[attr-defined]
        monkeypatch.setattr(DuckDBCredentials, "_connection_keys", connection_keys)
