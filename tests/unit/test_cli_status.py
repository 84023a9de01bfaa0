"""`twinledger status` shows what was restated, set aside and refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from decimal import Decimal

import pytest

from orchestration import cli
from orchestration.closing import close_month
from orchestration.commands.status import booked_in, restatements
from orchestration.errors import RefusedError
from orchestration.landing.booking import acts_of, bookings_of
from orchestration.landing.lake import Lake
from orchestration.landing.land import land
from orchestration.settings import Settings

SETTINGS = """
[[sources]]
name = "bill"
type = "cost_lines"
uri = "bill.csv"
mapping = {charge_date = "day", cost = "cost"}
constants = {currency = "USD"}
"""


@pytest.fixture
def settings(workspace: Callable[..., Settings], no_gate: None) -> Settings:
    return workspace(SETTINGS)


def _deliver(settings: Settings, *costs: str) -> None:
    lines = "".join(f"2026-10-01,{cost}\n" for cost in costs)
    (settings.folder / "bill.csv").write_text(f"day,cost\n{lines}")
    land(settings)


def test_another_total_is_a_restatement_and_the_same_is_none(settings):
    _deliver(settings, "1", "2")
    _deliver(settings, "2", "1")
    assert restatements(Lake(settings).of_source("bill")) == []
    _deliver(settings, "1", "2", "0.5")
    (found,) = restatements(Lake(settings).of_source("bill"))
    assert (found.period, found.before, found.after) == (
        "2026-10",
        {"USD": Decimal(3)},
        {"USD": Decimal("3.5")},
    )


def test_a_restatement_after_the_closing_is_booked_in_the_first_open_month(settings):
    _deliver(settings, "1")
    _deliver(settings, "2")
    close_month(settings, "2026-10")
    _deliver(settings, "3")
    lake = Lake(settings)
    bookings = bookings_of(acts_of(lake))
    found = restatements(lake.of_source("bill"))
    assert [booked_in(item, bookings) for item in found] == ["2026-10", "2026-11"]


def test_status_tells_restatements_and_refusals(settings, capsys, monkeypatch):
    _deliver(settings, "1", "2")
    _deliver(settings, "4")
    with pytest.raises(RefusedError):
        _deliver(settings, "a lot")
    monkeypatch.setattr(sys, "argv", ["twinledger", "status", "--settings", str(settings.file)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out = capsys.readouterr().out
    assert not ended.value.code
    assert "Restatements: 1" in out
    assert "Refused deliveries: 1" in out
    assert "bill.csv" in out
    assert "Nothing is published yet" in out
