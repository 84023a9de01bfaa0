"""Saved responses: the documented examples in place, the shapes that people save, overlaps."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.errors import RefusedError
from orchestration.landing.api import offers
from orchestration.landing.land import land
from orchestration.settings import Settings
from tests.unit.landing.vendor_server import (
    KEY,
    VendorServer,
    anthropic_bucket,
    day_start,
    openai_bucket,
    page,
)

pytestmark = pytest.mark.usefixtures("no_gate")

Landed = Callable[..., duckdb.DuckDBPyConnection]
SAVED = '[[sources]]\nname = "{vendor}"\ntype = "{vendor}"\nuri = "saved/*"\n'


def save(settings: Settings, name: str, content: Any) -> None:
    path = settings.folder / "saved" / name
    path.parent.mkdir(exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())


def costs(day: str, *amounts: str) -> dict[str, Any]:
    return openai_bucket(
        day_start(day),
        day_start(f"{day[:8]}{int(day[8:]) + 1:02}"),
        [
            {
                "object": "organization.costs.result",
                "amount": {"value": amount, "currency": "usd"},
                "line_item": f"line {place}",
            }
            for place, amount in enumerate(amounts)
        ],
    )


def amounts(con: duckdb.DuckDBPyConnection) -> list[tuple[str, Decimal]]:
    return con.execute(
        "select _period, amount_value from landing.openai_reports order by all"
    ).fetchall()


def test_the_documented_openai_responses_land_with_their_exact_sums(
    data: Path, workspace: Callable[..., Settings], landed: Landed
) -> None:
    documented = json.loads(
        (data / "api_shapes" / "openai_organization_usage_and_costs.json").read_text()
    )
    settings = workspace(SAVED.format(vendor="openai"))
    save(settings, "costs.json", documented["costs"])
    save(settings, "usage.json", documented["usage_completions"])
    land(settings)
    con = landed(settings)
    assert con.execute(
        "select report, strftime(start_time, '%Y-%m-%d'), amount_value, amount_unit, input_tokens, "
        "input_cached_tokens, output_tokens, num_model_requests, model from landing.openai_reports "
        "order by report desc"
    ).fetchall() == [
        ("costs", "2024-11-01", Decimal("0.06"), "USD", None, None, None, None, None),
        ("completions", "2024-11-01", None, None, 1000, 800, 500, 5, None),
    ]


def test_the_documented_anthropic_responses_land_with_their_exact_sums(
    data: Path, workspace: Callable[..., Settings], landed: Landed
) -> None:
    documented = json.loads(
        (data / "api_shapes" / "anthropic_usage_and_cost_reports.json").read_text()
    )
    settings = workspace(SAVED.format(vendor="anthropic"))
    save(settings, "both.json", [documented["usage_report"], documented["cost_report"]])
    land(settings)
    con = landed(settings)
    assert con.execute(
        "select sum(uncached_input_tokens), sum(cache_read_input_tokens), "
        "sum(cache_creation_ephemeral_5m_input_tokens), "
        "sum(cache_creation_ephemeral_1h_input_tokens), sum(output_tokens), "
        "sum(server_tool_use_web_search_requests), sum(amount), max(amount_unit), count(*) "
        "from landing.anthropic_reports"
    ).fetchall() == [(1500, 200, 500, 1000, 500, 10, Decimal("123.78912"), "USD cents", 2)]


def test_a_page_a_list_and_a_page_a_line_are_the_same_rows(
    workspace: Callable[..., Settings], landed: Landed
) -> None:
    pages = [page([costs("2026-01-05", "1", "2")], "next"), page([costs("2026-01-06", "3")])]
    shapes = {
        "list.json": json.dumps(pages),
        "lines.jsonl": "".join(json.dumps(one) + "\n" for one in pages),
        "lines.jsonl.gz": "\r\n".join(json.dumps(one) for one in pages),
        "pretty.json": "\ufeff" + json.dumps(pages, indent=2),
    }
    for place, (name, text) in enumerate(shapes.items()):
        settings = workspace(SAVED.format(vendor="openai"), folder=f"shape{place}")
        save(settings, name, text)
        land(settings)
        assert [amount for _, amount in amounts(landed(settings))] == [1, 2, 3]


def test_saved_responses_are_the_rows_of_the_api(
    workspace: Callable[..., Settings], landed: Landed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", KEY)
    monkeypatch.setattr(offers, "today", lambda: date(2026, 3, 4))
    usage = {
        "uncached_input_tokens": 7, "cache_read_input_tokens": 1, "output_tokens": 2,
        "cache_creation": {"ephemeral_1h_input_tokens": 3, "ephemeral_5m_input_tokens": 4},
        "model": "claude-sonnet-5", "workspace_id": None,
    }  # fmt: skip
    cost = {"amount": "0.123456789", "currency": "USD", "description": "tokens"}
    with VendorServer("anthropic") as server:
        server.add("usage_report/messages", "2026-03-02", usage)
        server.add("cost_report", "2026-03-03", cost)
        source = '[[sources]]\nname = "api"\ntype = "anthropic"\nstart = 2026-03-01\nbase_url = "'
        asked = workspace(f'{source}{server.address}"\n', folder="asked")
        land(asked)
    kept = workspace(SAVED.format(vendor="anthropic"), folder="kept")
    bounds = [day_start(f"2026-03-{day:02}") for day in (2, 3, 4)]
    save(kept, "usage.json", page([anthropic_bucket(bounds[0], bounds[1], [usage])]))
    save(kept, "cost.json", page([anthropic_bucket(bounds[1], bounds[2], [cost])]))
    land(kept)
    query = "select columns(c -> c[1] != '_') from landing.anthropic_reports order by all"
    found = [landed(settings).execute(query).fetchall() for settings in (asked, kept)]
    assert found[0] == found[1] and len(found[0]) == 2


def test_days_that_two_files_hold_count_once_and_the_later_file_stands(
    workspace: Callable[..., Settings], landed: Landed
) -> None:
    settings = workspace(SAVED.format(vendor="openai"))
    save(settings, "2026-01-06.json", page([costs("2026-01-05", "1"), costs("2026-01-06", "2")]))
    save(settings, "2026-01-07.json", page([costs("2026-01-06", "2.5"), costs("2026-01-07", "3")]))
    save(settings, "copy.json", page([costs("2026-01-05", "1"), costs("2026-01-06", "2")]))
    land(settings)
    assert [amount for _, amount in amounts(landed(settings))] == [1, Decimal("2.5"), 3]
    # A file that is delivered anew replaces itself.
    save(settings, "2026-01-07.json", page([costs("2026-01-06", "2.6"), costs("2026-01-07", "4")]))
    assert land(settings)[0].replaced == ("2026-01-06", "2026-01-07")
    assert [amount for _, amount in amounts(landed(settings))] == [1, Decimal("2.6"), 4]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "saved/bad.json: the file is empty"),
        ("<html>", "saved/bad.json, row 1: this is no valid JSON"),
        ('{"data": [], "has_more": false}\n{"data": [', "saved/bad.json, row 2: this is no valid"),
        ('{"date": "2026-01-05"}', "saved/bad.json: the page has no field 'data'"),
        ("[1]", "the answer is no page of a report"),
        (
            json.dumps(page([costs("2026-01-05", "1")])) * 2,
            "saved/bad.json, row 1: this is no valid JSON",
        ),
        (
            json.dumps([page([costs("2026-01-05", "1")])] * 2),
            "saved/bad.json: a page repeats results of a former page",
        ),
        (
            json.dumps(page([costs("2026-01-05", "1")])).replace("costs.result", "usage.x.result"),
            "a result of 2026-01-05 is of the unknown report 'x'",
        ),
        (
            json.dumps(page([costs("2026-01-05", "1")])).replace('"value"', '"worth"'),
            "costs: the field 'amount.value' is missing in a result of 2026-01-05",
        ),
        (
            json.dumps(page([costs("2026-01-05", "1")])).replace("1767571200", "1767571200000"),
            "'start_time' of a bucket is no time: 1767571200000",
        ),
        ('{"data": [], "has_more": NaN}', "row 1: this is no valid JSON"),
    ],
)
def test_a_file_that_is_no_response_is_refused_with_its_name_and_row(
    workspace: Callable[..., Settings], text: str, words: str
) -> None:
    settings = workspace(SAVED.format(vendor="openai"))
    save(settings, "bad.json", text)
    with pytest.raises(RefusedError) as refusal:
        land(settings)
    assert words in str(refusal.value)


def test_a_damaged_gzip_is_refused(workspace: Callable[..., Settings]) -> None:
    settings = workspace(SAVED.format(vendor="openai"))
    save(settings, "bad.json.gz", page([costs("2026-01-05", "1")]))
    path = settings.folder / "saved" / "bad.json.gz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(
        RefusedError, match=r"bad\.json\.gz: the file is no UTF-8 text, or its gzip"
    ):
        land(settings)


def test_a_file_that_unpacks_without_end_is_refused(
    workspace: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offers, "_LARGEST", 2**20)
    settings = workspace(SAVED.format(vendor="openai"))
    save(settings, "bomb.json.gz", " " * 2**22)
    with pytest.raises(RefusedError, match=r"bomb\.json\.gz: the file holds more than 1 MB"):
        land(settings)
