"""Three restatements of a bill, one of them after its month was closed: what was published before
each can be published again, and a correction leads back to its row. Whole runs, few rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.build import runner
from orchestration.cli import main
from orchestration.closing import close_month
from orchestration.landing.land import land
from orchestration.pipeline import run
from orchestration.settings import load_settings
from tests.faults.scenes import Marts, first_difference, marts_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_gate")]

SETTINGS = """
[[sources]]
name = "bill"
type = "cost_lines"
uri = "bill.csv"
mapping = { charge_date = "day", cost = "cost", service = "service", tags = "tags" }
constants = { currency = "USD", provider = "openai" }

[[sources]]
name = "log"
type = "token_events"
uri = "log.csv"
billed_by = "bill"
constants = { provider = "openai", model = "gpt-5-mini" }
"""
LOG = """started_at,request_id,input_tokens,output_tokens,team
2026-08-01T10:00:00Z,r1,1000,100,search
2026-08-02T10:00:00Z,r2,2000,100,ads
2026-09-01T10:00:00Z,r3,4000,100,ads
"""
STATES = (
    {"2026-08-01": "10.10", "2026-08-02": "3.03", "2026-09-01": "7"},
    {"2026-08-01": "10.10", "2026-08-02": "4.04", "2026-09-01": "7"},
    {"2026-08-01": "9.000000000000000001", "2026-08-02": "4.04", "2026-09-01": "8"},
    {"2026-08-01": "9", "2026-08-02": "4.04", "2026-09-01": "8"},
)


def bill(folder: Path, state: dict[str, str]) -> None:
    lines = [f"{day},{cost},OpenAI gpt-5-mini,{{}}\n" for day, cost in state.items()]
    (folder / "bill.csv").write_text("day,cost,service,tags\n" + "".join(lines), encoding="utf-8")


def test_what_was_published_before_each_restatement_can_be_published_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The audit of each build is not what is looked at; other tests run it.
    monkeypatch.setattr(runner, "NOT_RUN", (*runner.NOT_RUN, "test"))
    (tmp_path / "twinledger.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "log.csv").write_text(LOG, encoding="utf-8")
    settings = load_settings(tmp_path / "twinledger.toml")
    published: list[tuple[datetime, Marts]] = []
    for number, state in enumerate(STATES[:3]):
        bill(tmp_path, state)
        run(settings)
        # All columns, clocks too: only `publish_log` tells when this was done.
        published.append((datetime.now(UTC).replace(tzinfo=None), marts_of(tmp_path, without=NONE)))
        if number == 1:
            close_month(settings, "2026-08")
    # The closed month did not move; the difference stands in September, to the last decimal.
    costs = [marts["allocation.costs_daily"] for _, marts in published[1:]]
    august = [[row for row in rows if "datetime.date(2026, 8" in repr(row)] for rows in costs]
    assert august[0] == august[1] != []
    assert costs[0] != costs[1]
    explained(tmp_path, monkeypatch, capsys)
    bill(tmp_path, STATES[3])
    land(settings)
    for moment, expected in published:
        again = run(settings, as_of=moment)
        actual = marts_of(tmp_path, without=NONE, file=Path(again.place))
        assert actual.keys() == expected.keys()
        assert not {
            table: first_difference(expected[table], actual[table])
            for table in expected
            if expected[table] != actual[table]
        }


NONE: frozenset[str] = frozenset()


def explained(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A correction is led back to the row that came, and to the row that went."""
    command = ["twinledger", "explain", "charges", "adjusts_period=2026-08-01"]
    monkeypatch.setattr("sys.argv", [*command, "--settings", str(folder / "twinledger.toml")])
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    told = capsys.readouterr().out
    assert told.count("a correction of 2026-08, which was closed") == 2
    assert "cost -1.099999999999999999 USD" in told
    assert "bill-000002" in told and "bill-000003" in told
