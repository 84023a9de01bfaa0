"""Whatever a source calls its tokens, they become disjoint classes that add up to its own total.

One test a dialect. Arbitrary calls, written as the source writes them, are landed as ever and read
through the source's staging model: legal numbers show what was used, once; illegal ones are
flagged and kept whole, never guessed at. An example of Hypothesis is a delivery of many calls.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from orchestration.errors import RefusedError
from orchestration.landing.register import register_landing
from orchestration.settings import PROJECT_ROOT, load_settings
from tests.integration.token_dialects import (
    COLUMNS,
    DIALECTS,
    EMITTERS,
    Dialect,
    Numbers,
    Seen,
    Truth,
)
from tests.unit.landing.usage_logs import Landed, Workspace, landed_files

pytestmark = pytest.mark.usefixtures("no_gate")

# Small counts meet each other's edges, large ones those of the types.
COUNT = st.one_of(st.integers(0, 3), st.integers(0, 2**40))
TRUTH = st.builds(Truth, *[COUNT] * 12)
# What was used; whether the source tells what it need not; which fault it has the second time.
CALL = st.tuples(TRUTH, st.booleans(), st.integers(0, 2**16))
DELIVERIES = hypothesis_settings(max_examples=6)

Call = tuple[Truth, bool, int]


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled SQL of the staging models, a file each."""
    folder = tmp_path_factory.mktemp("dialects")
    (folder / "twinledger.toml").write_text("", encoding="utf-8")
    settings = load_settings(folder / "twinledger.toml")
    with duckdb.connect(str(settings.build)) as con:
        register_landing(con, settings)
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("TWINLEDGER_")},
        "TWINLEDGER_BUILD": str(settings.build),
    }
    outcome = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("dbt")), "--no-use-colors", "compile"),
            *("--select", "path:models/staging", "--target", "ci", "--profiles-dir", "profiles"),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        ],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout[-3000:] + outcome.stderr[-1000:]
    return folder / "target" / "compiled" / "twinledger" / "models" / "staging"


class Harness:
    """Lands calls in a dialect and reads them back through its staging model, in their order."""

    def __init__(self, staging: Path, workspace: Workspace, landed: Landed) -> None:
        self.staging = staging
        self.workspace = workspace
        self.landed = landed

    def read(self, dialect: Dialect, calls: Sequence[Numbers]) -> list[Seen]:
        settings = landed_files(
            self.workspace,
            dialect.kind,
            dialect.files(calls),
            dialect.more,
            folder=str(uuid.uuid4()),
        )
        sql = (self.staging / f"{dialect.model}.sql").read_text(encoding="utf-8")
        sql = sql.replace('"build".', "")
        with self.landed(settings) as con:
            rows = con.execute(
                f"select {COLUMNS} from ({sql}) order by cast(substr(model, 2) as integer)"
            ).fetchall()
        assert len(rows) == len(calls)
        return [Seen(*row) for row in rows]


@pytest.fixture
def harness(staging: Path, workspace: Workspace, landed: Landed) -> Harness:
    return Harness(staging, workspace, landed)


def assert_priced_once(row: Seen) -> None:
    """Every token has one class, and is of one modality at most."""
    assert min(row) >= 0
    assert row.audio + row.image <= row.uncached
    assert row.read_audio <= row.read
    assert row.spoken + row.drawn <= row.visible


@pytest.mark.parametrize("name", DIALECTS)
@given(calls=st.lists(CALL, min_size=1, max_size=60))
@DELIVERIES
def test_tokens_are_counted_once_or_flagged(harness: Harness, name: str, calls: list[Call]) -> None:
    dialect = DIALECTS[name]
    legal = [dialect.numbers(truth, is_told) for truth, is_told, _ in calls]
    # Each call again, with one of the faults that the dialect knows.
    kinds = list(dialect.broken)
    faults = [kinds[pick % len(kinds)] for *_, pick in calls] if kinds else []
    illegal = [
        dialect.broken[fault](numbers) for fault, numbers in zip(faults, legal, strict=False)
    ]
    rows = harness.read(dialect, [*legal, *illegal])
    for (truth, is_told, _), row in zip(calls, rows, strict=False):
        assert row == dialect.seen(truth, is_told)
        assert row.total == truth.total
    for fault, numbers, row in zip(faults, illegal, rows[len(legal) :], strict=True):
        assert row.mismatch, fault
        assert row.total == dialect.total(numbers), fault
    for row in rows:
        assert_priced_once(row)


@pytest.mark.parametrize("name", EMITTERS)
@given(calls=st.lists(TRUTH, min_size=1, max_size=60))
@DELIVERIES
def test_a_total_tells_what_an_emitter_put_outside(
    harness: Harness, name: str, calls: list[Truth]
) -> None:
    emitter = EMITTERS[name]
    numbers = [emitter.numbers(truth, True) for truth in calls]
    for truth, row in zip(calls, harness.read(emitter, numbers), strict=True):
        # A cache as large as the thinking: the total fits with either outside.
        is_unclear = name != "both" and truth.read + truth.write == truth.thought > 0
        assert row.mismatch == is_unclear
        assert row.total == truth.total
        if not is_unclear:
            assert row == emitter.seen(truth, True)


@pytest.mark.parametrize("name", ["uncached_input_tokens", "output_tokens"])
def test_what_anthropics_report_lacks_or_cannot_mean_does_not_land(
    workspace: Workspace, name: str
) -> None:
    """Its counts are disjoint and have no total: none of them could be held against another."""
    dialect = DIALECTS["anthropic usage report"]
    numbers = dialect.numbers(Truth(*range(12)), True)
    missing = {key: count for key, count in numbers.items() if key != name}
    for place, wrong in enumerate(({**numbers, name: -1}, missing)):
        with pytest.raises(RefusedError):
            landed_files(workspace, dialect.kind, dialect.files([wrong]), folder=f"wrong_{place}")
