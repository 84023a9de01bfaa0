"""The expected figures agree with each other before any warehouse is asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import pytest

from orchestration.sample import write_sample
from orchestration.sample.business import outcomes
from orchestration.sample.checks import ratio, text
from orchestration.sample.cloud_lines import create_cloud_lines
from orchestration.sample.company import BUG_FEATURE, FEATURES
from orchestration.sample.days import Span, activity_permille, create_calendar
from orchestration.sample.draws import create_draw_macros, draw
from orchestration.sample.request_days import create_request_days
from orchestration.sample.requests import create_requests
from orchestration.sample.support_log import create_support_log
from orchestration.sample.truth_lines import create_true_charges
from orchestration.sample.truth_shares import rounded, true_shares
from orchestration.sample.vendor_bill import create_vendor_lines

SPAN = Span(date(2026, 8, 1), date(2026, 9, 30))


@pytest.fixture(scope="module")
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        create_draw_macros(con, 7)
        create_calendar(con, SPAN, 7, 1)
        create_requests(con, SPAN)
        create_request_days(con)
        create_vendor_lines(con)
        create_support_log(con, 1)
        create_cloud_lines(con, SPAN)
        create_true_charges(con, SPAN)
        yield con


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("truth") / "out"
    return json.loads(write_sample(folder, days=61).ground_truth.read_text())


def test_the_parts_of_each_day_add_up_to_its_charges(made: duckdb.DuckDBPyConnection) -> None:
    days: dict[date, Fraction] = {}
    for (day, _, _), cost in true_shares(made, 7, SPAN).items():
        days[day] = days.get(day, Fraction(0)) + cost
    charged = made.execute("select day, sum(cost) from true_charges group by all").fetchall()
    assert days == {day: Fraction(cost) for day, cost in charged}


def test_every_way_of_sharing_out_is_used(made: duckdb.DuckDBPyConnection) -> None:
    methods = {bearer.method for _, _, bearer in true_shares(made, 7, SPAN)}
    assert methods == {"direct", "usage", "even", "fixed", "proportional", "unallocated"}


def test_daily_sums_hold_every_request(made: duckdb.DuckDBPyConnection) -> None:
    assert made.execute("select sum(requests) from request_days").fetchall() == (
        made.execute("select count(*) from requests").fetchall()
    )


def test_the_blocks_of_a_day_leave_no_request_out() -> None:
    with duckdb.connect() as con:
        create_draw_macros(con, 7)
        create_calendar(con, SPAN, 7, 12)
        create_requests(con, SPAN)
        missed = con.execute(
            "select count(*) from (select day, count(*) as made, count(distinct place) as places,"
            " max(place) as last from requests group by day) inner join calendar using (day)"
            " where made <> requests or places <> requests or last <> requests - 1"
        ).fetchall()
    assert missed == [(0,)]


def test_checks_are_exact_text(truth: dict[str, Any]) -> None:
    for check in truth["checks"]:
        assert set(check) == {"table", "where", "expression", "value"}
        if check["value"] not in (None, "true", "false"):
            assert text(Decimal(check["value"])) == check["value"]
    asked = Counter(
        (check["table"], check["where"], check["expression"]) for check in truth["checks"]
    )
    assert max(asked.values()) == 1


def test_unknown_is_null_and_not_zero(truth: dict[str, Any]) -> None:
    unknown = {check["where"] for check in truth["checks"] if check["value"] is None}
    assert any("azure_eu" in where for where in unknown)
    assert any("vega-9-preview" in where for where in unknown)
    assert any("heron-2-beta" in where for where in unknown)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("12.3400"), "12.34"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0E-18"), "0"),
        (Decimal("-0.5"), "-0.5"),
        (100, "100"),
        (True, "true"),
        (None, None),
        (Fraction(1, 3), "0.333333"),
        (Fraction(-2, 3), "-0.666667"),
    ],
)
def test_figures_are_written_plainly(value: object, shown: str | None) -> None:
    assert text(value) == shown


def test_halves_are_rounded_away_from_zero() -> None:
    assert rounded(Fraction(5, 2), 0) == 3
    assert rounded(Fraction(-5, 2), 0) == -3
    assert ratio(1, 0) is None
    assert ratio(Decimal(2), Fraction(3)) == "0.666666667"


def test_the_features_share_the_requests_in_whole_64ths() -> None:
    assert sum(feature.slots for feature in FEATURES) == 64
    assert BUG_FEATURE in {feature.feature for feature in FEATURES}
    # Doubled and at its longest, a prompt stays below the price band of long contexts.
    assert max(feature.prompt_tokens for feature in FEATURES) * 22 // 10 < 272_000


def test_days_have_a_weekly_rhythm_and_grow() -> None:
    weeks = [
        [activity_permille(7, SPAN, day) for day in SPAN.days[start : start + 7]]
        for start in range(0, 56, 7)
    ]
    assert all(min(week) < 0.7 * max(week) for week in weeks)
    assert sum(weeks[-1]) > sum(weeks[0])


def test_a_reversal_takes_back_what_was_counted() -> None:
    events = {event.event_id: event for event in outcomes(7, SPAN)}
    reversals = [event for event in events.values() if event.reverses]
    assert reversals
    for event in reversals:
        original = events[event.reverses]
        assert event.value == -original.value < 0
        assert event.occurred_at > original.occurred_at


def test_draws_cover_their_range_and_repeat() -> None:
    drawn = [draw(7, f"name {number}", 10) for number in range(500)]
    assert set(drawn) == set(range(10))
    assert drawn == [draw(7, f"name {number}", 10) for number in range(500)]
