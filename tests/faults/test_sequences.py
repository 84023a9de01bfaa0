"""The law behind the faults: whatever came before, the marts equal a clean rebuild from the newest
delivery of each grain. Request days are aggregated only when touched; this guards that the days
left alone, and those replaced, are the right ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.pipeline import run
from orchestration.sample import write_sample
from orchestration.settings import load_settings
from tests.faults.scenes import CLOCKS, first_difference, marts_of, withhold

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_gate")]

# How a state came about is told by these, and rightly differs; a forecast keeps what was known.
HISTORY = frozenset({"landing", "planning", "governance"})


def spoil(company: Path) -> dict[Path, bytes]:
    """Deliver two request files wrongly at first: one short of rows, one with rows twice."""
    logs = sorted((company / "litellm").glob("*.csv"))
    short, twice = logs[2], logs[4]
    originals = {file: file.read_bytes() for file in (short, twice)}
    lines = originals[short].splitlines(keepends=True)
    short.write_bytes(b"".join(lines[: len(lines) // 2]))
    lines = originals[twice].splitlines(keepends=True)
    twice.write_bytes(b"".join([*lines, *lines[1:6]]))
    return originals


def test_late_restated_and_repeated_deliveries_end_in_the_marts_of_a_clean_rebuild(
    tmp_path: Path,
) -> None:
    clean, history = tmp_path / "clean", tmp_path / "history"
    write_sample(clean, days=20)
    shutil.copytree(clean, history)
    later = {**withhold(history), **spoil(history)}
    run(load_settings(history / "twinledger.toml"))
    for file, content in later.items():
        file.write_bytes(content)
    run(load_settings(history / "twinledger.toml"))
    run(load_settings(clean / "twinledger.toml"))
    without = CLOCKS | {"load_id", "bill_status", "version"}
    expected, actual = marts_of(clean, without=without), marts_of(history, without=without)
    assert expected.keys() == actual.keys()
    differing = {
        table: first_difference(expected[table], actual[table])
        for table in expected
        if table.split(".")[0] not in HISTORY
        and table != "cost_ledger.bill_versions"
        and expected[table] != actual[table]
    }
    assert not differing
