"""OpenAI's usage and costs over HTTP: every report, every group, exact money, only open days."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from orchestration.errors import RefusedError
from orchestration.landing.api import offers
from orchestration.landing.lake import Lake
from orchestration.landing.land import land
from orchestration.settings import Settings
from tests.unit.landing.vendor_server import KEY, VendorServer

pytestmark = pytest.mark.usefixtures("no_gate")

Landed = Callable[..., duckdb.DuckDBPyConnection]
TODAY = date(2026, 3, 10)
SOURCE = """
[[sources]]
name = "openai"
type = "openai"
base_url = "{address}"
api_key_env = "VENDOR_KEY"
start = 2026-03-01
{more}
"""
RESULTS: dict[str, dict[str, Any]] = {
    "usage/completions": {
        "object": "organization.usage.completions.result",
        "input_tokens": 900, "input_uncached_tokens": 500, "input_cached_tokens": 300,
        "input_cache_write_tokens": 100, "output_tokens": 70, "input_audio_tokens": 0,
        "num_model_requests": 6, "project_id": "proj_a", "user_id": "user_anna",
        "api_key_id": "key_1", "model": "gpt-5-mini", "batch": False, "service_tier": "default",
        "api_source": "unlabeled", "something_new": {"nested": [1]},
    },
    "usage/embeddings": {
        "object": "organization.usage.embeddings.result", "input_tokens": 11,
        "num_model_requests": 1, "model": "text-embedding-3-small",
    },
    "usage/moderations": {
        "object": "organization.usage.moderations.result", "input_tokens": 12,
        "num_model_requests": 1, "model": "omni-moderation",
    },
    "usage/images": {
        "object": "organization.usage.images.result", "images": 3, "num_model_requests": 2,
        "size": "1024x1024", "source": "image.edit", "model": "gpt-image-1",
    },
    "usage/audio_speeches": {
        "object": "organization.usage.audio_speeches.result", "characters": 44,
        "num_model_requests": 1, "model": "tts-1",
    },
    "usage/audio_transcriptions": {
        "object": "organization.usage.audio_transcriptions.result", "seconds": 55,
        "num_model_requests": 1, "model": "whisper-1",
    },
    "usage/vector_stores": {
        "object": "organization.usage.vector_stores.result", "usage_bytes": 5_000_000_000,
        "project_id": "proj_a",
    },
    "usage/code_interpreter_sessions": {
        "object": "organization.usage.code_interpreter_sessions.result", "num_sessions": 7,
        "project_id": "proj_a",
    },
    "usage/file_search_calls": {
        "object": "organization.usage.file_searches.result", "num_requests": 8,
        "vector_store_id": "vs_1",
    },
    "usage/web_search_calls": {
        "object": "organization.usage.web_searches.result", "num_requests": 9,
        "num_model_requests": 4, "context_level": "low", "model": "gpt-5",
    },
    "costs": {
        "object": "organization.costs.result",
        "amount": {"value": 0.1, "currency": "usd"}, "line_item": "gpt-5-mini, input",
        "project_id": "proj_a", "api_key_id": "key_1", "quantity": 900.5,
        "quantity_unit": "1000_tokens",
    },
}  # fmt: skip


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[VendorServer]:
    monkeypatch.setenv("VENDOR_KEY", KEY)
    monkeypatch.setattr(offers, "today", lambda: TODAY)
    with VendorServer("openai") as server:
        yield server


def completion(tokens: int, **more: Any) -> dict[str, Any]:
    return {**RESULTS["usage/completions"], "input_tokens": tokens, **more}


def rows(con: duckdb.DuckDBPyConnection, columns: str, where: str = "true") -> list[Any]:
    return con.execute(
        f"select {columns} from landing.openai_reports where {where} order by all"
    ).fetchall()


def test_one_source_brings_all_reports_with_every_dimension(
    server: VendorServer, workspace: Callable[..., Settings], landed: Landed
) -> None:
    for report, result in RESULTS.items():
        server.add(report, "2026-03-02", result)
    settings = workspace(SOURCE.format(address=server.address, more=""))
    land(settings)
    con = landed(settings)
    (completions,) = rows(con, "* exclude (result_id)", "report = 'completions'")
    named = dict(zip([d[0] for d in con.description or []], completions, strict=True))
    assert {key: value for key, value in named.items() if value is not None and key[0] != "_"} == {
        "report": "completions", "provider": "openai",
        "start_time": datetime(2026, 3, 2), "end_time": datetime(2026, 3, 3),
        "input_tokens": 900, "input_uncached_tokens": 500, "input_cached_tokens": 300,
        "input_cache_write_tokens": 100, "output_tokens": 70, "input_audio_tokens": 0,
        "num_model_requests": 6, "project_id": "proj_a", "user_id": "user_anna",
        "api_key_id": "key_1", "model": "gpt-5-mini", "batch": False, "service_tier": "default",
        "api_source": "unlabeled",
    }  # fmt: skip
    assert rows(con, "report, coalesce(images, characters, seconds, usage_bytes, num_sessions, "
                     "num_requests, input_tokens)", "report not in ('completions', 'costs')") == [
        ("audio_speeches", 44), ("audio_transcriptions", 55), ("code_interpreter_sessions", 7),
        ("embeddings", 11), ("file_searches", 8), ("images", 3), ("moderations", 12),
        ("vector_stores", 5_000_000_000), ("web_searches", 9),
    ]  # fmt: skip
    assert rows(con, "size, source, vector_store_id, context_level",
                "report in ('images', 'file_searches', 'web_searches')") == [
        ("1024x1024", "image.edit", None, None), (None, None, "vs_1", None),
        (None, None, None, "low"),
    ]  # fmt: skip
    assert rows(
        con,
        "amount_value, amount_currency, amount_unit, line_item, quantity, quantity_unit",
        "report = 'costs'",
    ) == [
        (Decimal("0.1"), "USD", "USD", "gpt-5-mini, input", Decimal("900.5"), "1000_tokens"),
    ]


def test_dollars_land_exactly_as_number_or_text(
    server: VendorServer, workspace: Callable[..., Settings], landed: Landed
) -> None:
    amounts = ["0.000131500000000000020000", 0.1, "0.2", 1.5e-07, -3, "0.3000000000000000000000"]
    for place, amount in enumerate(amounts):
        server.add("costs", "2026-03-02", {
            **RESULTS["costs"], "line_item": f"line {place}",
            "amount": {"value": amount, "currency": "usd"},
        })  # fmt: skip
    settings = workspace(SOURCE.format(address=server.address, more=""))
    land(settings)
    ((total,),) = rows(landed(settings), "sum(amount_value)")
    # The noise of the vendor's own floats ends at the 18th decimal, where the ledger's money ends.
    assert total == Decimal("0.000131500000000000") - 3 + Decimal("0.60000015")
    ((totals,),) = landed(settings).execute("select totals from landing.loads where row_count > 0")\
        .fetchall()  # fmt: skip
    assert '"USD"' in totals


def test_a_second_run_asks_for_the_open_days_only(
    server: VendorServer, workspace: Callable[..., Settings], landed: Landed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for day in range(1, 11):
        server.add("usage/completions", f"2026-03-{day:02}", completion(day))
    settings = workspace(SOURCE.format(address=server.address, more=""))
    (first,) = land(settings)
    assert first.rows == 10
    assert first_days(server) == {"2026-03-01"}
    server.asked.clear()

    assert not land(settings)[0].is_new
    assert first_days(server) == {"2026-03-07"}

    # A restated open day stands in its new form; a closed one is not asked for, so stays.
    server.data["usage/completions"]["2026-03-08"] = [completion(800)]
    server.data["usage/completions"]["2026-03-02"] = [completion(200)]
    server.asked.clear()
    (second,) = land(settings)
    assert second.replaced == ("2026-03-08",)
    assert first_days(server) == {"2026-03-07"}
    assert [tokens for (tokens,) in rows(landed(settings), "input_tokens")] == [
        1, 2, 3, 4, 5, 6, 7, 9, 10, 800,
    ]  # fmt: skip

    # Two days on: two days have settled since and are asked for once more, then never again.
    monkeypatch.setattr(offers, "today", lambda: date(2026, 3, 12))
    server.data["usage/completions"]["2026-03-07"] = [completion(700)]
    server.asked.clear()
    land(settings)
    assert first_days(server) == {"2026-03-07"}
    assert rows(landed(settings), "input_tokens", "_period = '2026-03-07'") == [(700,)]
    server.asked.clear()
    land(settings)
    assert first_days(server) == {"2026-03-09"}
    # Only what was forced is asked for from the start again.
    server.asked.clear()
    land(settings, force=True)
    assert first_days(server) == {"2026-03-01"}
    assert rows(landed(settings), "input_tokens", "_period = '2026-03-02'") == [(200,)]


def first_days(server: VendorServer) -> set[str]:
    return {
        f"{datetime.fromtimestamp(int(asked.parameters['start_time'][0]), UTC):%Y-%m-%d}"
        for asked in server.asked
    }


def test_windows_hold_at_most_the_documented_buckets(
    server: VendorServer, workspace: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.page_buckets = 1440
    for width, days in (("1d", 31), ("1h", 7), ("1m", 1)):
        server.asked.clear()
        more = f'options = {{ bucket_width = "{width}", reports = "completions, costs" }}'
        settings = workspace(
            SOURCE.format(address=server.address, more=more).replace("2026-03-01", "2026-01-20"),
            folder=width,
        )
        if width == "1m":
            monkeypatch.setattr(offers, "today", lambda: date(2026, 1, 22))
        land(settings)
        spans = {
            (int(asked.parameters["end_time"][0]) - int(asked.parameters["start_time"][0])) / 86400
            for asked in server.asked
        }
        assert max(spans) == days
        assert {asked.report for asked in server.asked} == {"usage/completions", "costs"}
        assert len(server.asked) == 2 * -(-50 // days) if width != "1m" else 6


def test_hours_land_as_hours_and_costs_stay_daily(
    server: VendorServer, workspace: Callable[..., Settings], landed: Landed
) -> None:
    server.page_buckets = 100
    for hour in (0, 13, 23):
        server.add("usage/completions", f"2026-03-02T{hour:02}:00:00", completion(hour))
    server.add("costs", "2026-03-02", RESULTS["costs"])
    more = 'options = { bucket_width = "1h" }'
    settings = workspace(SOURCE.format(address=server.address, more=more))
    land(settings)
    assert rows(landed(settings), "report, hour(start_time), hour(end_time)") == [
        ("completions", 0, 1), ("completions", 13, 14), ("completions", 23, 0), ("costs", 0, 0),
    ]  # fmt: skip


def test_an_empty_day_lands_once_and_a_day_that_lost_its_rows_is_held(
    server: VendorServer, workspace: Callable[..., Settings], landed: Landed
) -> None:
    server.add("usage/completions", "2026-03-08", completion(1))
    server.add("usage/completions", "2026-03-09", completion(2))
    settings = workspace(SOURCE.format(address=server.address, more=""))
    land(settings)
    assert len(Lake(settings).of_source("openai")) == 10
    server.data["usage/completions"]["2026-03-08"] = []
    with pytest.raises(RefusedError, match="the delivery is empty, but 2026-03-08 had rows"):
        land(settings)
    assert rows(landed(settings), "input_tokens") == [(1,), (2,)]
    land(settings, allow_empty=True)
    assert rows(landed(settings), "input_tokens") == [(2,)]


def test_results_that_differ_in_an_unknown_field_both_count(
    server: VendorServer, workspace: Callable[..., Settings], landed: Landed
) -> None:
    server.add("usage/completions", "2026-03-02", completion(5, mood="a"), completion(6, mood="b"))
    settings = workspace(SOURCE.format(address=server.address, more=""))
    land(settings)
    assert rows(landed(settings), "input_tokens") == [(5,), (6,)]


def test_groups_and_paths_that_an_organisation_lacks_are_left_out(
    server: VendorServer, workspace: Callable[..., Settings], landed: Landed
) -> None:
    server.refused_groups = {"api_source"}
    server.older_paths = {"usage/web_search_calls": "usage/web_searches"}
    server.add("usage/completions", "2026-03-02", completion(5))
    server.add("usage/web_search_calls", "2026-03-02", RESULTS["usage/web_search_calls"])
    settings = workspace(SOURCE.format(address=server.address, more=""))
    land(settings)
    assert rows(landed(settings), "report, model, api_source") == [
        ("completions", "gpt-5-mini", None), ("web_searches", "gpt-5", None),
    ]  # fmt: skip
