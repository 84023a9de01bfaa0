"""What the gate said is kept, of refused deliveries too."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from orchestration.errors import RefusedError
from orchestration.landing.land import land
from orchestration.settings import Settings

LOG = """
[[sources]]
name = "log"
type = "token_events"
uri = "*.csv"
"""


def test_a_delivery_from_the_future_is_refused_and_its_results_are_kept(
    workspace: Callable[..., Settings], landed: Callable[[Settings], duckdb.DuckDBPyConnection]
) -> None:
    settings = workspace(LOG)
    header = "started_at,input_tokens,output_tokens\n"
    (settings.folder / "a.csv").write_text(header + "2026-01-01 10:00,5,1\n")
    land(settings)
    (settings.folder / "b.csv").write_text(header + "2199-01-01 10:00,5,1\n")
    with pytest.raises(RefusedError, match="future"):
        land(settings)
    con = landed(settings)
    assert con.execute("select count(*) from landing.token_events").fetchone() == (1,)
    results = con.execute(
        "select load_id like '%refused%', bool_and(success or severity = 'warn'), count(*) > 1 "
        "from landing.gate_results group by 1 order by 1"
    ).fetchall()
    assert results == [(False, True, True), (True, False, True)]
