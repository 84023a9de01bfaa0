"""What APIs do on bad days: throttle, break, cut, repeat, forget. Nothing lands by halves."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import duckdb
import pytest

from orchestration.errors import RefusedError
from orchestration.landing.api import client, fetching, offers
from orchestration.landing.api.client import retry_after
from orchestration.landing.lake import Lake
from orchestration.landing.land import land
from orchestration.settings import Settings
from tests.conftest import ROOT
from tests.unit.landing.vendor_server import KEY, Fault, VendorServer

pytestmark = pytest.mark.usefixtures("no_gate")

Landed = Callable[..., duckdb.DuckDBPyConnection]
SOURCE = """
[[sources]]
name = "claude"
type = "anthropic"
base_url = "{address}"
api_key_env = "VENDOR_KEY"
start = 2026-03-01
"""


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr("orchestration.landing.api.client.time.sleep", waits.append)
    return waits


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[VendorServer]:
    monkeypatch.setenv("VENDOR_KEY", KEY)
    monkeypatch.setattr(offers, "today", lambda: date(2026, 3, 10))
    with VendorServer("anthropic") as server:
        for day in range(1, 11):
            server.add("usage_report/messages", f"2026-03-{day:02}", usage(day))
        yield server


def usage(tokens: int, **more: Any) -> dict[str, Any]:
    return {
        "uncached_input_tokens": tokens, "cache_read_input_tokens": 0, "output_tokens": 1,
        "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
        "model": "claude-sonnet-5", **more,
    }  # fmt: skip


def tokens(con: duckdb.DuckDBPyConnection) -> list[int]:
    found = con.execute("select uncached_input_tokens from landing.anthropic_reports order by 1")
    return [row[0] for row in found.fetchall()]


@pytest.mark.parametrize("name", ["throttle", "broken", "html", "cut"])
@pytest.mark.parametrize("only_pages", [False, True])
def test_what_fails_for_a_moment_is_tried_again(
    server: VendorServer,
    workspace: Callable[..., Settings],
    landed: Landed,
    waits: list[float],
    name: str,
    only_pages: bool,
) -> None:
    server.faults = [Fault(name, times=2, only_pages=only_pages)]
    settings = workspace(SOURCE.format(address=server.address))
    land(settings)
    assert tokens(landed(settings)) == list(range(1, 11))
    assert waits == ([2.0, 2.0] if name == "throttle" else [1.0, 2.0])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("throttle", "it answered 429 Too Many Requests (rate_limit_error) “slow down”"),
        ("broken", "it answered 500 Internal Server Error (server_error) “something broke, not"),
        ("html", "its answer is no JSON"),
        ("cut", "the connection failed (peer closed connection"),
    ],
)
def test_after_six_attempts_the_run_ends_and_nothing_of_it_lands(
    server: VendorServer,
    workspace: Callable[..., Settings],
    landed: Landed,
    waits: list[float],
    name: str,
    words: str,
) -> None:
    settings = workspace(SOURCE.format(address=server.address))
    server.faults = [Fault(name, "cost_report", times=6)]
    with pytest.raises(RefusedError) as refusal:
        land(settings)
    assert words in str(refusal.value) and "6 times in a row" in str(refusal.value)
    assert "refused: source 'claude': " in str(refusal.value)
    assert KEY not in str(refusal.value)
    assert len(waits) == 5
    assert Lake(settings).of_source("claude") == []
    land(settings)
    assert tokens(landed(settings)) == list(range(1, 11))


def test_waits_are_what_the_server_asks_for_up_to_a_minute(
    server: VendorServer, workspace: Callable[..., Settings], waits: list[float]
) -> None:
    server.faults = [Fault("throttle", retry_after=asked) for asked in ("7", "3600", None, "soon")]
    land(workspace(SOURCE.format(address=server.address)))
    assert waits == [7.0, 60.0, 4.0, 8.0]
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 28 < (retry_after(soon) or 0) <= 30
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0


def test_a_server_that_never_answers_is_given_up(
    server: VendorServer,
    workspace: Callable[..., Settings],
    waits: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "TIMEOUT", 0.05)
    monkeypatch.setattr(client, "ATTEMPTS", 2)
    sleep = time.thread_time  # a busy wait: the sleep of this process is recorded, not slept

    def stall(asked: object) -> None:
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            sleep()

    monkeypatch.setattr(server, "fault_of", stall)
    with pytest.raises(RefusedError, match="it did not answer in time, 2 times in a row"):
        land(workspace(SOURCE.format(address=server.address)))


def test_a_window_whose_cursor_expired_starts_again(
    server: VendorServer, workspace: Callable[..., Settings], landed: Landed
) -> None:
    server.faults = [Fault("expired", only_pages=True, times=fetching.RESTARTS)]
    settings = workspace(SOURCE.format(address=server.address))
    land(settings)
    assert tokens(landed(settings)) == list(range(1, 11))
    starts = [asked.cursor for asked in server.asked if asked.report.endswith("messages")]
    assert starts.count(None) == 1 + fetching.RESTARTS


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("expired", only_pages=True, times=99), "the page cursor expired 4 times in a row"),
        (Fault("forgetful"), "has_more is true, but the field 'next_page' is missing"),
        (Fault("circle", times=99), "a page repeats results of a former page"),
        (Fault("circle", "cost_report", times=99), "has_more is true, but a page brings nothing"),
        (Fault("short"), "messages: no bucket of 2026-03-09 came, though empty days have theirs"),
        (Fault("error_page"), "the page has no field 'data': it holds an error instead"),
    ],
)
def test_pages_that_cannot_be_are_refused(
    server: VendorServer, workspace: Callable[..., Settings], fault: Fault, words: str
) -> None:
    server.faults = [fault]
    server.data["usage_report/messages"].pop("2026-03-01")
    settings = workspace(SOURCE.format(address=server.address))
    with pytest.raises(RefusedError) as refusal:
        land(settings)
    assert words in str(refusal.value)
    assert KEY not in str(refusal.value)
    assert Lake(settings).of_source("claude") == []
    assert len(server.asked) < 30


@pytest.mark.parametrize("missing", ["output_tokens", "uncached_input_tokens", "cache_creation"])
def test_a_missing_required_field_is_refused_by_its_name(
    server: VendorServer, workspace: Callable[..., Settings], missing: str
) -> None:
    result = usage(5)
    del result[missing]
    server.add("usage_report/messages", "2026-03-04", result)
    rule = rf"messages: the field '{missing}[\w.]*' is missing in a result of 2026-03-04"
    with pytest.raises(RefusedError, match=rule):
        land(workspace(SOURCE.format(address=server.address)))


@pytest.mark.parametrize("amount", ["NaN", "1,5", "1e40"])
def test_money_that_cannot_be_read_refuses_the_delivery(
    server: VendorServer, workspace: Callable[..., Settings], amount: str
) -> None:
    server.add("cost_report", "2026-03-04", {"amount": amount, "currency": "USD"})
    with pytest.raises(RefusedError, match=f"amount holds '{amount}', which is no amount"):
        land(workspace(SOURCE.format(address=server.address)))


def test_a_half_token_is_refused(server: VendorServer, workspace: Callable[..., Settings]) -> None:
    server.add("usage_report/messages", "2026-03-04", usage(5, output_tokens=1.5))
    with pytest.raises(RefusedError, match=r"'output_tokens' is no whole number: 1\.5"):
        land(workspace(SOURCE.format(address=server.address)))


def test_a_redirect_is_not_followed(
    server: VendorServer, workspace: Callable[..., Settings]
) -> None:
    server.faults = [Fault("moved")]
    with pytest.raises(RefusedError, match=r"it answered 302 Found\n.*the key would go along"):
        land(workspace(SOURCE.format(address=server.address)))


def test_a_run_that_is_killed_while_it_fetches_leaves_nothing_and_the_next_one_converges(
    server: VendorServer, workspace: Callable[..., Settings], landed: Landed
) -> None:
    settings = workspace(SOURCE.format(address=server.address))
    server.faults = [Fault("stall", "cost_report")]
    code = (
        "from orchestration.landing.land import land\n"
        "from orchestration.settings import load_settings\n"
        f"land(load_settings({str(settings.file)!r}))"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as run:
        assert server.stalled.wait(60)
        run.kill()
    server.go_on.set()
    assert Lake(settings).of_source("claude") == []
    land(settings)
    assert tokens(landed(settings)) == list(range(1, 11))
    assert not list((settings.folder / "lake" / "_stage").glob("claude-copies"))


def test_a_crash_midway_converges_to_an_undisturbed_run(
    server: VendorServer,
    workspace: Callable[..., Settings],
    landed: Landed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = SOURCE.format(address=server.address)
    undisturbed = workspace(text, folder="undisturbed")
    land(undisturbed)
    settings = workspace(text)
    commit, done = Lake.commit, list[Any]()

    def dying(self: Lake, *args: Any) -> None:
        if len(done) == 4:
            raise KeyboardInterrupt
        done.append(args)
        commit(self, *args)

    monkeypatch.setattr(Lake, "commit", dying)
    with pytest.raises(KeyboardInterrupt):
        land(settings)
    monkeypatch.setattr(Lake, "commit", commit)
    # What landed before the crash was closed stands, and is not asked for again.
    server.asked.clear()
    land(settings)
    assert {asked.parameters["starting_at"][0] for asked in server.asked} == {
        "2026-03-05T00:00:00Z"
    }
    query = "select * exclude (_load_id) from landing.anthropic_reports order by all"
    assert (
        landed(settings).execute(query).fetchall() == landed(undisturbed).execute(query).fetchall()
    )
