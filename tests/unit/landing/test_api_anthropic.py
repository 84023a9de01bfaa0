"""Anthropic's usage and cost reports over HTTP: cents as decimal text, groups, null workspaces."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from orchestration.landing import hashing
from orchestration.landing.api import offers
from orchestration.landing.land import land
from orchestration.settings import Settings
from tests.unit.landing.vendor_server import ANTHROPIC_GROUPS, KEY, VendorServer

pytestmark = pytest.mark.usefixtures("no_gate")

Landed = Callable[..., duckdb.DuckDBPyConnection]
SOURCE = """
[[sources]]
name = "claude"
type = "anthropic"
base_url = "{address}/v1/"
api_key_env = "VENDOR_KEY"
start = "2026-03-01"
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[VendorServer]:
    monkeypatch.setenv("VENDOR_KEY", KEY)
    monkeypatch.setattr(offers, "today", lambda: date(2026, 3, 10))
    with VendorServer("anthropic") as server:
        yield server


def usage(tokens: int = 100, **more: Any) -> dict[str, Any]:
    return {
        "uncached_input_tokens": tokens, "cache_read_input_tokens": 20, "output_tokens": 30,
        "cache_creation": {"ephemeral_1h_input_tokens": 1, "ephemeral_5m_input_tokens": 5},
        "server_tool_use": {"web_search_requests": 2}, "model": "claude-sonnet-5",
        "service_tier": "batch", "context_window": "200k-1M", "inference_geo": "us",
        "workspace_id": None, "api_key_id": "apikey_1", "account_id": "user_1",
        "service_account_id": None, "speed": "fast", "new_field": "x", **more,
    }  # fmt: skip


def cost(amount: str, **more: Any) -> dict[str, Any]:
    return {
        "amount": amount, "currency": "USD", "cost_type": "tokens", "description": "Sonnet input",
        "model": "claude-sonnet-5", "service_tier": "batch", "token_type": "uncached_input_tokens",
        "context_window": "0-200k", "inference_geo": "us", "workspace_id": None, **more,
    }  # fmt: skip


def rows(con: duckdb.DuckDBPyConnection, columns: str) -> list[Any]:
    return con.execute(f"select {columns} from landing.anthropic_reports order by all").fetchall()


def test_usage_and_costs_land_with_their_dimensions(
    server: VendorServer, workspace: Callable[..., Settings], landed: Landed
) -> None:
    server.add("usage_report/messages", "2026-03-02", usage())
    server.add(
        "cost_report",
        "2026-03-02",
        cost("123.78912"),
        cost("1e-7", token_type="output_tokens"),
        cost("12", cost_type="code_execution", model=None),
    )
    settings = workspace(SOURCE.format(address=server.address))
    land(settings)
    con = landed(settings)
    assert rows(con, "* exclude (result_id, _load_id, _source_row)")[-1] == (
        "messages", datetime(2026, 3, 2), datetime(2026, 3, 3), "anthropic", "user_1", None,
        "apikey_1", None, "claude-sonnet-5", "batch", "200k-1M", "us", "fast", None, None, None,
        100, 20, 5, 1, 30, 2, None, None, None, "claude", "anthropic/2026-03-02.csv", "2026-03-02",
    )  # fmt: skip
    assert rows(con, "sum(amount), min(amount), any_value(currency), any_value(amount_unit)") == [
        (Decimal("135.7891201"), Decimal("0.0000001"), "USD", "USD cents")
    ]
    asked = {item.report: set(item.parameters["group_by[]"]) for item in server.asked}
    assert asked == ANTHROPIC_GROUPS
    # Totals name cents as cents, so that nobody reads a hundred times the money.
    ((totals,),) = con.execute(
        "select totals from landing.loads where period = '2026-03-02'"
    ).fetchall()
    assert totals == '{"USD cents": {"amount": "135.789120100000000000"}}'


def test_an_organisation_without_the_beta_gets_everything_else(
    server: VendorServer, workspace: Callable[..., Settings], landed: Landed
) -> None:
    server.refused_groups = {"speed"}
    server.add("usage_report/messages", "2026-03-02", usage())
    settings = workspace(SOURCE.format(address=server.address))
    land(settings)
    assert rows(landed(settings), "model, speed, uncached_input_tokens") == [
        ("claude-sonnet-5", None, 100)
    ]


def test_users_are_hashed_with_a_key_of_their_own(
    server: VendorServer,
    workspace: Callable[..., Settings],
    landed: Landed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.add("usage_report/messages", "2026-03-02", usage(account_id="user_anna"))
    text = SOURCE.format(address=server.address)
    settings = workspace(text + 'options = { hash_users_key_env = "USERS_KEY" }\n')
    monkeypatch.setenv("USERS_KEY", "pepper")
    land(settings)
    # HMAC-SHA256 of the id under the key, as every other source writes it.
    expected = hmac.new(b"pepper", b"user_anna", "sha256").hexdigest()
    assert rows(landed(settings), "account_id, api_key_id") == [(expected, "apikey_1")]
    con = duckdb.connect()
    hashing.load_key(con, settings.sources[0])
    assert con.execute(f"select {hashing.hashed('?')}", ["user_anna"]).fetchall() == [(expected,)]
    for file in settings.folder.rglob("*"):
        assert not file.is_file() or b"user_anna" not in file.read_bytes()
