"""What happens to the company, step by step; after each step both engines must say the same.

The loopback server and the real service run the same lives.
"""

from __future__ import annotations

from pathlib import Path

from tests.bigquery import scenarios
from tests.bigquery.compare import Marts, differences
from tests.bigquery.twins import Twins, timed

USAGE = "cost_ledger.token_usage_daily"


def later_days(twins: Twins) -> None:
    """The next days, restated deliveries, a run that finds nothing new, and a past day's state."""
    twins.happen(scenarios.next_days)
    with timed("the next days, both engines"):
        twins.run()
    twins.assert_equal("the next days")

    twins.happen(scenarios.restated)
    with timed("restated deliveries, both engines"):
        twins.run()
    before = twins.assert_equal("restated deliveries")

    printed = twins.run()
    assert all("nothing new" in text for text in printed), "\n".join(printed)
    # The log has a row a publish: another one would be seen.
    for former, present in zip(before, twins.marts(), strict=True):
        assert not differences(former, present)

    with timed("a past state, both engines"):
        twins.run("--as-of", str(scenarios.AS_OF))
    past = twins.assert_equal("a past state", as_of=True)
    beside = twins.assert_equal("the present beside it")
    assert _loads(past) < _loads(beside)


def next_version(twins: Twins, project: Path) -> None:
    """A new column in a bill and in the models, and a full refresh.

    Args:
        project: an empty folder for the checkout of the next version.
    """
    scenarios.next_version(project)
    twins.happen(scenarios.new_source_column)
    with timed("the next version of the project, both engines"):
        twins.run(project=project)
    _, marts = twins.assert_equal("a new column")
    # Other code computes everything anew, days that no delivery touches too.
    assert set(_knows_new_column(marts)) == {True}

    with timed("a full refresh, both engines"):
        twins.run("--full-refresh", project=project)
    _, marts = twins.assert_equal("a full refresh")
    assert set(_knows_new_column(marts)) == {True}


def _knows_new_column(marts: Marts) -> list[bool]:
    usage = marts.relations[USAGE]
    at = [name for name, _ in usage.columns].index(scenarios.NEW_COLUMN)
    return [row[at] is not None for row in usage.rows]


def _loads(marts: tuple[Marts, Marts]) -> set[str]:
    return {row[0] for row in marts[1].relations["landing.loads"].rows}
