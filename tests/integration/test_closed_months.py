"""Closed months: what stood stays, what came later is booked in the first open month, nothing is
lost. Over the models' own SQL, without builds; tests/faults/test_restatements.py goes all the way.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from orchestration.closing import close_month
from orchestration.errors import RefusedError
from orchestration.landing.booking import Close, bookings_of
from orchestration.landing.lake import Lake, now
from orchestration.landing.land import land
from orchestration.settings import Settings, load_settings
from tests.integration.bill_layer import BillLayer

pytestmark = pytest.mark.usefixtures("no_gate")

BILL = """
[[sources]]
name = "bill"
type = "cost_lines"
uri = "bill/*.csv"
mapping = { charge_date = "day", cost = "cost", service = "service", quantity = "hours" }
constants = { currency = "USD", provider = "aws" }
"""
HEADER = "day,cost,service,hours\n"


def company(folder: Path, more: str = "") -> Settings:
    (folder / "bill").mkdir()
    (folder / "twinledger.toml").write_text(BILL + more, encoding="utf-8")
    return load_settings(folder / "twinledger.toml")


def deliver(
    settings: Settings, lines: Iterable[str], name: str = "bill.csv", *, allow_empty: bool = False
) -> None:
    text = HEADER + "".join(f"{line}\n" for line in lines)
    (settings.folder / "bill" / name).write_text(text, encoding="utf-8")
    land(settings, allow_empty=allow_empty)


AUGUST = ["2026-08-01,10.5,EC2,1", "2026-08-01,10.5,EC2,1", "2026-08-02,3,EC2,2"]
SEPTEMBER = ["2026-09-03,7,S3,5"]
BOOKED = (
    "billing_period_start::date, adjusts_period, charge_period_start::date, billed_cost, "
    "consumed_quantity, charge_class, load_id[:11], source_row"
)
FIRST, SECOND = date(2026, 8, 1), date(2026, 8, 2)
IN_SEPTEMBER, IN_OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
CORRECTIONS = "adjusts_period is not null"


def test_a_difference_is_booked_line_by_line_in_the_first_open_month(
    tmp_path: Path, bills: BillLayer
) -> None:
    settings = company(tmp_path)
    deliver(settings, [*AUGUST, *SEPTEMBER])
    bills.see(settings)
    before = bills.lines(where="billing_period_start < '2026-09-01'")
    close_month(settings, "2026-08")
    # One of two alike is gone, one line costs more, one is new; September stands as it was.
    deliver(settings, [AUGUST[0], "2026-08-02,4,EC2,2", "2026-08-02,-1,Refund,", *SEPTEMBER])
    bills.see(settings)
    assert bills.lines(where="billing_period_start < '2026-09-01'") == before
    assert bills.lines(BOOKED, CORRECTIONS) == [
        (IN_SEPTEMBER, FIRST, FIRST, Decimal("-10.5"), Decimal(-1), "Correction", "bill-000001", 2),
        (IN_SEPTEMBER, FIRST, SECOND, Decimal(-3), Decimal(-2), "Correction", "bill-000001", 3),
        (IN_SEPTEMBER, FIRST, SECOND, Decimal(-1), None, "Correction", "bill-000002", 3),
        (IN_SEPTEMBER, FIRST, SECOND, Decimal(4), Decimal(2), "Correction", "bill-000002", 2),
    ]
    versions = bills.rows(
        "select version, bill_status, billed_cost_difference, booked_in, closed_at is not null "
        "from cost_ledger.bill_versions where period = '2026-08' order by version"
    )
    assert versions == [
        (1, "final", None, FIRST, True),
        (2, "restated", Decimal("-10.5"), IN_SEPTEMBER, True),
    ]


def test_what_was_booked_stays_when_its_month_is_closed_in_turn(
    tmp_path: Path, bills: BillLayer
) -> None:
    settings = company(tmp_path)
    deliver(settings, [*AUGUST, *SEPTEMBER])
    close_month(settings, "2026-08")
    deliver(settings, [*AUGUST[:2], "2026-08-02,4,EC2,2", *SEPTEMBER])
    close_month(settings, "2026-09")
    bills.see(settings)
    booked = bills.lines(BOOKED, CORRECTIONS)
    assert [row[0] for row in booked] == [IN_SEPTEMBER, IN_SEPTEMBER]
    # The vendor takes its correction back: that goes to October, whole.
    deliver(settings, [*AUGUST, *SEPTEMBER])
    bills.see(settings)
    assert bills.lines(BOOKED, CORRECTIONS) == [
        *booked,
        (IN_OCTOBER, FIRST, SECOND, Decimal(-4), Decimal(-2), "Correction", "bill-000002", 3),
        (IN_OCTOBER, FIRST, SECOND, Decimal(3), Decimal(2), "Correction", "bill-000003", 3),
    ]


def test_a_month_that_is_opened_again_shows_its_newest_bill(
    tmp_path: Path, bills: BillLayer
) -> None:
    settings = company(tmp_path)
    deliver(settings, [*AUGUST, *SEPTEMBER])
    close_month(settings, "2026-08")
    deliver(settings, [*AUGUST[1:], *SEPTEMBER])
    close_month(settings, "2026-08", is_closed=False)
    bills.see(settings)
    assert bills.lines("billed_cost", CORRECTIONS) == []
    assert bills.lines("billed_cost", "charge_period_start < '2026-09-01'") == [
        (Decimal(3),), (Decimal("10.5"),),
    ]  # fmt: skip
    close_month(settings, "2026-08")
    bills.see(settings)
    assert bills.lines("billed_cost", CORRECTIONS) == []


def test_a_month_is_not_opened_out_of_a_closed_one(tmp_path: Path, bills: BillLayer) -> None:
    settings = company(tmp_path)
    deliver(settings, [*AUGUST, *SEPTEMBER])
    close_month(settings, "2026-08")
    deliver(settings, [*AUGUST[1:], *SEPTEMBER])
    close_month(settings, "2026-09")
    with pytest.raises(RefusedError, match="2026-09 is closed and holds adjustments of 2026-08"):
        close_month(settings, "2026-08", is_closed=False)
    close_month(settings, "2026-09", is_closed=False)
    close_month(settings, "2026-08", is_closed=False)
    bills.see(settings)
    assert bills.lines("billed_cost", CORRECTIONS) == []


def test_a_bill_that_is_emptied_after_the_closing_is_reversed_whole(
    tmp_path: Path, bills: BillLayer
) -> None:
    settings = company(tmp_path)
    deliver(settings, AUGUST)
    close_month(settings, "2026-08")
    with pytest.raises(RefusedError, match="empty"):
        deliver(settings, [])
    bills.see(settings)
    assert bills.lines("billed_cost", CORRECTIONS) == []
    deliver(settings, [], allow_empty=True)
    bills.see(settings)
    assert bills.lines("sum(billed_cost), count(*)", "not " + CORRECTIONS) == [(Decimal(24), 3)]
    assert bills.lines("sum(billed_cost), count(*)", CORRECTIONS) == [(Decimal(-24), 3)]


def test_a_bill_of_a_closed_month_that_comes_first_after_the_closing_is_an_adjustment(
    tmp_path: Path, bills: BillLayer
) -> None:
    settings = company(tmp_path, 'delivery = "append"')
    deliver(settings, AUGUST, "a.csv")
    close_month(settings, "2026-08")
    deliver(settings, ["2026-08-30,5,Support,1"], "b.csv")
    bills.see(settings)
    assert bills.lines("billed_cost, billing_period_start::date", CORRECTIONS) == [
        (Decimal(5), IN_SEPTEMBER)
    ]
    # As it was known before, nothing is corrected.
    bills.see(settings, as_of=Lake(settings).of_source("bill")[0].loaded_at)
    assert bills.lines("billed_cost", CORRECTIONS) == []


def test_a_difference_goes_to_the_first_month_that_was_open_when_it_came() -> None:
    def act(day: int, period: str, is_closed: bool = True) -> Close:
        return Close(period, datetime(2026, 12, day), is_closed)

    acts = [
        act(1, "2026-08"), act(2, "2026-09"), act(3, "2026-11"), act(4, "2026-10"),
        act(5, "2026-09", False), act(6, "2026-09"), act(7, "2026-11", False),
    ]  # fmt: skip
    found = [
        (booking.period, booking.since[8:10], (booking.until or "")[8:10], booking.booked_in)
        for booking in bookings_of(acts)
    ]
    assert found == [
        ("2026-08", "01", "02", "2026-09"),
        ("2026-08", "02", "04", "2026-10"),
        ("2026-08", "04", "05", "2026-12"),
        ("2026-08", "05", "06", "2026-09"),
        ("2026-08", "06", "07", "2026-12"),
        ("2026-08", "07", "", "2026-11"),
        ("2026-09", "06", "07", "2026-12"),
        ("2026-09", "07", "", "2026-11"),
        ("2026-10", "04", "07", "2026-12"),
        ("2026-10", "07", "", "2026-11"),
    ]


MONTHS = ("2026-06", "2026-07", "2026-08")
COSTS = st.lists(st.sampled_from(["1.1", "2.02", "-0.3"]), min_size=1, max_size=3)
DELIVERY = st.tuples(st.just("deliver"), st.tuples(COSTS, COSTS, COSTS))
ACT = st.tuples(st.sampled_from(["close", "close", "reopen"]), st.sampled_from(MONTHS))


@limits(max_examples=20)
@given(first=DELIVERY, steps=st.lists(st.one_of(DELIVERY, ACT), min_size=2, max_size=7))
def test_closed_months_never_move_and_nothing_is_lost(
    tmp_path_factory: pytest.TempPathFactory,
    bills: BillLayer,
    first: tuple[str, tuple[list[str], ...]],
    steps: list[tuple[str, tuple[list[str], ...] | str]],
) -> None:
    settings = company(tmp_path_factory.mktemp("closing"))
    closed: dict[str, list[tuple[object, ...]]] = {}
    states: list[tuple[str, list[object]]] = []
    newest: Counter[tuple[str, Decimal]] = Counter()
    for what, subject in [first, *steps]:
        if not isinstance(subject, str):
            rows = [(m, cost) for m, costs in zip(MONTHS, subject, strict=True) for cost in costs]
            deliver(settings, [f"{month}-05,{cost},EC2,1" for month, cost in rows])
            newest = Counter((month, Decimal(cost)) for month, cost in rows)
        else:
            try:
                close_month(settings, subject, is_closed=what == "close")
            except RefusedError as refusal:
                if not re.search("never closed|holds adjustments", refusal.message):
                    raise
                continue
        bills.see(settings)
        states.append((now(), _all_inputs(bills)))
        if isinstance(subject, str):
            if what == "reopen":
                closed.pop(subject, None)
            elif subject not in closed:
                closed[subject] = _of_month(bills, subject)
        # A closed month is what it was at its closing, column by column.
        assert {month: _of_month(bills, month) for month in closed} == closed
        # Closed state + corrections = newest bill, line by line; so are the sums.
        net: Counter[tuple[str, Decimal]] = Counter()
        for month, cost, hours in bills.lines(
            "strftime(charge_period_start, '%Y-%m'), billed_cost, consumed_quantity"
        ):
            # Each line counts one hour: a reversal counts minus one.
            net[month, cost * hours] += int(hours)
        assert {key: count for key, count in net.items() if count} == dict(newest)
        ((lines, ids),) = bills.lines("count(*), count(distinct charge_id)")
        assert lines == ids
    # What was known after each step can be seen again, to the last row of what builds read.
    for moment, inputs in states:
        bills.see(settings, as_of=moment)
        assert _all_inputs(bills) == inputs


def _all_inputs(bills: BillLayer) -> list[object]:
    return [
        bills.rows(f"from landing.{table} order by all")
        for table in ("cost_lines", "loads", "standing", "bookings", "closes")
    ]


def _of_month(bills: BillLayer, month: str) -> list[tuple[object, ...]]:
    return bills.lines(where=f"strftime(billing_period_start, '%Y-%m') = '{month}'")
