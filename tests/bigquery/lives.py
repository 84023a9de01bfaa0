"""What happens to the company, step by step; after each step both engines must say the same.

The loopback server and the real service run the same lives.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from orchestration.landing.land import land
from orchestration.settings import load_settings
from tests.bigquery import scenarios
from tests.bigquery.compare import Marts, differences
from tests.bigquery.readers import without_log
from tests.bigquery.twins import Twins, assert_same, timed

USAGE = "cost_ledger.token_usage_daily"


def past_state(twins: Twins) -> None:
    """What was known on a past day, asked of BigQuery when more has landed: it must be what DuckDB
    published when no more was known."""
    first, _ = twins.marts()
    twins.happen(scenarios.next_days)
    for workspace in (twins.duckdb, twins.bigquery):
        landed = land(load_settings(workspace / "twinledger.toml"))
        assert any(result.replaced for result in landed)
    with timed("a past state, BigQuery"):
        twins.run_bigquery("--as-of", str(scenarios.AS_OF))
    past = twins.bigquery_marts(as_of=True)
    assert_same("a past state", *map(without_log, (first, past)))
    assert_same("the present beside it", first, twins.bigquery_marts())


def later_days(twins: Twins) -> None:
    """The next days with restated deliveries among them, and a run that finds nothing new."""
    twins.happen(scenarios.next_days, scenarios.restated)
    with timed("the next days and restated deliveries, both engines"):
        twins.run()
    before = twins.assert_equal("the next days and restated deliveries")

    printed = twins.run()
    assert all("nothing new" in text for text in printed), "\n".join(printed)
    # The log has a row a publish: another one would be seen.
    for former, present in zip(before, twins.marts(), strict=True):
        assert not differences(former, present)


def next_version(
    twins: Twins, project: Path, disturb: Callable[[Twins, Path], None] | None = None
) -> None:
    """A new column in a bill and in the models, and a full refresh.

    Args:
        project: an empty folder for the checkout of the next version.
        disturb: what becomes of BigQuery's first attempt to run it.
    """
    scenarios.next_version(project)
    twins.happen(scenarios.new_source_column)
    if disturb:
        disturb(twins, project)
    with timed("the next version of the project, both engines"):
        twins.run(project=project)
    one, other = twins.assert_equal("a new column")
    # Other code computes everything anew, days that no delivery touches too.
    assert set(_knows_new_column(other)) == {True}

    with timed("a full refresh, BigQuery"):
        twins.run_bigquery("--full-refresh", project=project)
    assert_same("a full refresh", *map(without_log, (one, twins.bigquery_marts())))


def _knows_new_column(marts: Marts) -> list[bool]:
    usage = marts.relations[USAGE]
    at = [name for name, _ in usage.columns].index(scenarios.NEW_COLUMN)
    return [row[at] is not None for row in usage.rows]
