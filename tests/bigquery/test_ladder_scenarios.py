"""Rung 3: the product on both engines through the life of a company; after every step each public
relation is the same for readers of DuckDB and of BigQuery: names, types, rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bigquery import lives
from tests.bigquery.compare import differences
from tests.bigquery.mid_build import kill_in_mid_build
from tests.bigquery.readers import GOLDEN, read_golden, without_log
from tests.bigquery.twins import Twins

pytestmark = pytest.mark.slow


def test_a_first_build(fresh: Twins, tmp_path: Path) -> None:
    with fresh.copy(tmp_path / "twins") as twins:
        twins.assert_equal(f"the first build, {fresh.seconds:.0f} s on both engines")


def test_a_past_state(fresh: Twins, tmp_path: Path) -> None:
    with fresh.copy(tmp_path / "twins") as twins:
        lives.past_state(twins)


def test_the_next_days_with_restated_deliveries_then_nothing_new(
    fresh: Twins, tmp_path: Path
) -> None:
    with fresh.copy(tmp_path / "twins") as twins:
        lives.later_days(twins)


def test_the_real_service_said_the_same(fresh: Twins, tmp_path: Path) -> None:
    if not any(GOLDEN.glob("*.jsonl")):
        pytest.skip("no run on the real service was recorded yet: make test-bigquery")
    golden = read_golden(GOLDEN)
    with fresh.copy(tmp_path / "twins") as twins:
        _, loopback = twins.marts()
    # The log speaks of the code, which has changed since.
    assert not differences(golden, without_log(loopback))


# Last: a worker takes from the end of the other's list, and leaves it two tests.
def test_a_new_column_with_the_server_killed_in_mid_build_then_a_full_refresh(
    fresh: Twins, tmp_path: Path
) -> None:
    with fresh.copy(tmp_path / "twins") as twins:
        lives.next_version(twins, tmp_path / "project", kill_in_mid_build)
