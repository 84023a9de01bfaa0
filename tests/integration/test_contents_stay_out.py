"""Prompts, answers, metadata and error texts of the logs, through the whole job in Dagster: they
are in no file, log, database, data doc or record of a run, not even when a delivery is refused."""

from __future__ import annotations

import shutil

import dagster as dg
import duckdb
import pytest

from orchestration.defs.definitions import definitions
from orchestration.settings import PROJECT_ROOT
from tests.unit.landing.test_usage_log_contents import LOGS
from tests.unit.landing.usage_logs import CANARY, Workspace, deliver, holders, lines

pytestmark = pytest.mark.slow

TEXTS = (CANARY, "canary-9c41")


def test_no_content_of_any_log_passes_the_whole_job(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    sources = [
        f'[[sources]]\nname = "{kind}"\ntype = "{kind}"\nuri = "in/{kind}*.jsonl"\n'
        + ("constants = {sampling_rate = 1}\n" if kind == "vertex_usage" else "")
        for kind in LOGS
    ]
    settings = workspace("\n".join(sources))
    deliver(settings, {f"{kind}.jsonl": lines(records) for kind, records in LOGS.items()})
    monkeypatch.setenv("TWINLEDGER_SETTINGS", str(settings.file))
    home = settings.folder / "dagster"
    home.mkdir()
    shutil.copy(PROJECT_ROOT / "dagster.yaml", home)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        job = definitions().resolve_job_def("daily_build")
        assert job.execute_in_process(instance=instance).success
        # A record that is cut off in the middle of what was said.
        deliver(settings, {"langfuse_2.jsonl": f'{{"id": "x", "input": "{CANARY}'})
        refused = job.execute_in_process(instance=instance, raise_on_error=False)
        assert not refused.success
    # All sources came as far as the marts, and the run's records are among the searched files.
    with duckdb.connect(str(settings.publish / "marts.duckdb"), read_only=True) as con:
        published = con.execute(
            "select distinct source_name from cost_ledger.token_usage_daily"
        ).fetchall()
    assert {name for (name,) in published} == set(LOGS)
    assert list(home.rglob("*.db")) and list((settings.work / "data_docs").glob("*.html"))
    printed = "".join(capfd.readouterr())
    for text in TEXTS:
        assert holders(settings, text) == []
        assert text not in caplog.text and text not in printed
