"""The law of deliveries: any order, repetition and split of a month's deliveries gives the same
marts.

200 builds would cost hours. What is compared instead is all that the marts are made of: the bill
lines (`int_bill_lines`, every column but where a line came from) and the requests of a log
(`landing.token_events` with the counts of `landing.standing`). No model reads a bill or a log below
them, and what a line came from is only carried along; so equal lines are equal marts. That builds
keep nothing of their own from one state to the next is what whole runs show: test_sequences.py and
test_restatements.py in tests/faults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from orchestration.landing.land import land
from orchestration.settings import Settings, load_settings
from tests.integration.bill_layer import BillLayer

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_gate")]

BILL = """
[[sources]]
name = "bill"
type = "cost_lines"
uri = "in/*.csv"
delivery = "{delivery}"
mapping = {{ charge_date = "day", cost = "cost", service = "service", quantity = "hours" }}
constants = {{ currency = "USD", provider = "aws" }}
"""
LOG = """
[[sources]]
name = "log"
type = "token_events"
uri = "in/*.csv"
constants = { provider = "openai", model = "gpt-5-mini" }
"""
BILL_HEADER = "day,cost,service,hours\n"
LOG_HEADER = "request_id,started_at,ended_at,input_tokens,output_tokens\n"
# Two months of lines that no other line is like, but for the last one, which stands there twice.
LINES = [
    f"2026-0{month}-0{day},{month}.{day},EC2,{day}\n" for month in (7, 8) for day in range(1, 6)
]
LINES[-1] *= 2
REQUESTS = [
    f"r{n},2026-08-0{1 + n % 3}T10:00:00Z,2026-08-0{1 + n % 3}T10:00:0{n}Z,{n}00,{n}\n"
    for n in range(9)
]

Files = dict[str, str]
Draw = Callable[[st.SearchStrategy[Any]], Any]


def added_up(draw: Draw, header: str, rows: Sequence[str], *, shared: bool) -> Iterator[Files]:
    """Files that add up: any split, in any order; some come short at first, some come twice.

    Args:
        shared: a row may stand in several files, as a request that was logged again.
    """
    homes = draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows)))
    split = [[row for row, home in zip(rows, homes, strict=True) if home == n] for n in range(4)]
    if shared:
        for n in draw(st.sets(st.integers(0, 3))):
            split[n] += [rows[draw(st.integers(0, len(rows) - 1))]]
    whole = {f"{n}.csv": header + "".join(part) for n, part in enumerate(split) if part}
    names = draw(st.permutations(sorted(whole)))
    for name in names:
        if draw(st.booleans()):
            lines = whole[name].splitlines(keepends=True)
            yield {name: "".join(lines[: max(2, len(lines) // 2)])}
    together: Files = {}
    for name in draw(st.permutations(names)):
        together[name] = whole[name]
        if draw(st.booleans()):
            yield together
            together = {}
    yield together
    for name in draw(st.sets(st.sampled_from(names))):
        yield {name: whole[name]}


def replaced(draw: Draw) -> Iterator[Files]:
    """States of whole months, each over any number of files; a month's last one is the whole."""
    for is_last in (False, True):
        for month in draw(st.permutations(["2026-07", "2026-08"])):
            rows = [line for line in LINES if line.startswith(month)]
            if not is_last:
                rows = rows[: draw(st.integers(0, len(rows)))]
            for _ in range(draw(st.integers(1, 2)) if is_last and rows else bool(rows)):
                order = draw(st.permutations(rows))
                cut = draw(st.integers(0, len(order)))
                parts = [order[:cut], order[cut:]]
                parts += [parts[0]] if draw(st.booleans()) else []
                yield {
                    f"{month}-{place}.csv": BILL_HEADER + "".join(part)
                    for place, part in enumerate(parts)
                    if part
                }


def by_name(draw: Draw) -> Iterator[Files]:
    """States whose file names say which is newer, in any order of arrival, some of them twice."""
    whole = BILL_HEADER + "".join(draw(st.permutations(LINES)))
    short = BILL_HEADER + "".join(LINES[:2] + LINES[-2:])
    names = draw(st.permutations(["a.csv", "b.csv", "c.csv"]))
    for name in [*names, *draw(st.lists(st.sampled_from(names), max_size=2))]:
        yield {name: whole if name == "c.csv" else short}


def company(folder: Path, text: str) -> Settings:
    (folder / "in").mkdir()
    (folder / "twinledger.toml").write_text(text, encoding="utf-8")
    return load_settings(folder / "twinledger.toml")


def deliver(settings: Settings, files: Files, *, keep: bool) -> None:
    folder = settings.folder / "in"
    if not keep:
        for path in folder.iterdir():
            path.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    if files:
        land(settings)


BILL_TOTALS = """
    select period, sum(billed_cost) from cost_ledger.bill_versions
    where is_current group by period order by period
"""
REQUEST_ROWS = """
    select request_id, started_at, ended_at, input_tokens, output_tokens, provider, model
    from landing.token_events order by all
"""
REQUEST_COUNTS = "select period, record_count from landing.standing order by period"


@pytest.fixture(scope="module")
def whole_bill(tmp_path_factory: pytest.TempPathFactory, bills: BillLayer) -> list[Any]:
    """Lines and totals of one clean delivery."""
    settings = company(tmp_path_factory.mktemp("clean"), BILL.format(delivery="snapshot"))
    deliver(settings, {"all.csv": BILL_HEADER + "".join(LINES)}, keep=True)
    bills.see(settings)
    found = [bills.lines(), bills.rows(BILL_TOTALS)]
    assert len(found[0]) == len(LINES) + 1
    return found


@limits(max_examples=130)
@given(data=st.data(), delivery=st.sampled_from(["append", "snapshot", "snapshot_per_file"]))
def test_any_sequence_of_a_bills_deliveries_ends_in_the_same_lines(
    tmp_path_factory: pytest.TempPathFactory,
    bills: BillLayer,
    whole_bill: list[Any],
    data: st.DataObject,
    delivery: str,
) -> None:
    settings = company(tmp_path_factory.mktemp("bill"), BILL.format(delivery=delivery))
    steps = {
        "append": lambda: added_up(data.draw, BILL_HEADER, LINES, shared=False),
        "snapshot": lambda: replaced(data.draw),
        "snapshot_per_file": lambda: by_name(data.draw),
    }
    for files in steps[delivery]():
        deliver(settings, files, keep=delivery != "snapshot")
    bills.see(settings)
    assert [bills.lines(), bills.rows(BILL_TOTALS)] == whole_bill


@pytest.fixture(scope="module")
def whole_log(tmp_path_factory: pytest.TempPathFactory, bills: BillLayer) -> list[Any]:
    """Requests and counts of one clean delivery."""
    settings = company(tmp_path_factory.mktemp("clean_log"), LOG)
    deliver(settings, {"all.csv": LOG_HEADER + "".join(REQUESTS)}, keep=True)
    bills.see(settings)
    found = [bills.rows(REQUEST_ROWS), bills.rows(REQUEST_COUNTS)]
    assert len(found[0]) == len(REQUESTS)
    return found


@limits(max_examples=70)
@given(data=st.data())
def test_any_sequence_of_a_logs_deliveries_ends_in_the_same_requests(
    tmp_path_factory: pytest.TempPathFactory,
    bills: BillLayer,
    whole_log: list[Any],
    data: st.DataObject,
) -> None:
    settings = company(tmp_path_factory.mktemp("log"), LOG)
    for files in added_up(data.draw, LOG_HEADER, REQUESTS, shared=True):
        deliver(settings, files, keep=True)
    bills.see(settings)
    assert [bills.rows(REQUEST_ROWS), bills.rows(REQUEST_COUNTS)] == whole_log


@pytest.mark.parametrize("late_by", ["1 hour", "3 days", "40 days"])
def test_late_rows_count_in_their_own_day_and_touch_no_other(
    tmp_path: Path, bills: BillLayer, late_by: str
) -> None:
    settings = company(tmp_path, LOG)
    states = "select period, state_id, record_count from landing.standing order by period"
    deliver(settings, {"first.csv": LOG_HEADER + "".join(REQUESTS)}, keep=True)
    bills.see(settings)
    before = bills.rows(states)
    ((late,),) = bills.rows(f"select timestamp '2026-08-03 23:59:59' - interval '{late_by}'")
    row = f"late,{late:%Y-%m-%dT%H:%M:%SZ},{late:%Y-%m-%dT%H:%M:%SZ},1,1\n"
    deliver(settings, {"late.csv": LOG_HEADER + row}, keep=True)
    bills.see(settings)
    touched = [state for state in bills.rows(states) if state not in before]
    ((period, _, count),) = touched
    assert period == f"{late:%Y-%m-%d}"
    assert count == {day: rows for day, _, rows in before}.get(period, 0) + 1
