"""Price lists as they came, in time order: what changed is told, a closed month does not move.

Real LiteLLM releases stand for a company's own list. The clock of landing is set to the days on
which the lists are said to have come, so that past knowledge can be asked for.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from orchestration.closing import close_month
from orchestration.landing.land import land
from orchestration.landing.register import register_landing
from orchestration.pipeline import run
from orchestration.pricing import match_models
from orchestration.pricing.changes import PriceDiff, price_diff
from orchestration.settings import Settings, load_settings
from tests.integration.price_lists import usd
from tests.unit.landing.usage_logs import lines

pytestmark = pytest.mark.slow

SETTINGS = """
[[sources]]
name = "releases"
type = "prices"
uri = "releases/*.json.gz"
options = {kind = "negotiated"}

[[sources]]
name = "own"
type = "prices"
uri = "sol/*.json"
options = {kind = "negotiated"}

[[sources]]
name = "calls"
type = "token_events"
uri = "calls/*.jsonl"
mapping = {started_at = "at", provider = "provider", model = "model", input_tokens = "input", cached_input_tokens = "cached", output_tokens = "output"}
"""  # noqa: E501
RELEASES = {"1.61.1": "2026-08-17", "1.77.7": "2026-09-05", "1.100.0": "2026-09-08"}
GENAI = ("2025-06-23", "2025-09-29", "2025-12-31", "2026-03-30")

# ccusage#1636: the same 3,569,920,867 tokens of 17 to 23 August were 2,472.81 USD by one list and
# 1,923.92 by the next, which has no dates of its own. The thread gives the total and both amounts;
# this split into classes gives them to a thousandth of a cent. There the next list was taken at
# once; here it comes after the month was closed.
SOL = {"input": 63_818_445 + 3_492_520_602, "cached": 3_492_520_602, "output": 13_581_820}
SOL_PRICES = {"2026-08-17": ("5", "0.5", "30"), "2026-09-05": ("4", "0.4", "20")}

Entry = Mapping[str, Any]


def sol_cost(day: str) -> Decimal:
    fresh, cached, output = SOL_PRICES[day]
    return usd(
        (SOL["input"] - SOL["cached"], fresh), (SOL["cached"], cached), (SOL["output"], output)
    )


def release(data: Path, version: str) -> dict[str, Entry]:
    name = f"litellm-{version}_model_prices_and_context_window_backup.json.gz"
    text = gzip.decompress((data / "price_books_litellm" / name).read_bytes())
    document = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    del document["sample_spec"]
    return dict(document)


def cost_of(entry: Entry) -> Decimal | None:
    """1,000 tokens in and 100 out; a list that says 0 to everything says nothing."""
    price_in, price_out = (entry.get(f"{way}_cost_per_token") for way in ("input", "output"))
    if price_in is None or price_out is None or not any(value for key, value in entry.items()
                                                        if "cost" in key):  # fmt: skip
        return None
    cost: Decimal = 1_000 * price_in + 100 * price_out
    return cost.quantize(Decimal(1).scaleb(-15)).normalize()


def used_models(data: Path) -> dict[tuple[str, str], list[Decimal | None]]:
    """(provider, model) → its cost by each release, None where that one has no price.

    Models whose price changed, and those that only a later release prices. What no release priced
    yet must be unknown to the bundled list too, or that one would price it.
    """
    listed = [release(data, version) for version in RELEASES]
    found = {}
    for model, entry in {**listed[0], **listed[1]}.items():
        costs = [cost_of(prices.get(model, {})) for prices in listed]
        chat = all(prices[model].get("mode") == "chat" for prices in listed if model in prices)
        if chat and len(set(costs)) > 1 and any(costs):
            found[str(entry["litellm_provider"]), model] = costs
    known = {
        (row["provider"], row["model"])
        for row in match_models(found).to_pylist()
        if row["price_model"] is not None
    }
    return {name: costs for name, costs in found.items() if costs[0] or name not in known}


def known_by(costs: list[Decimal | None], releases: int) -> Decimal | None:
    """What a model costs by the first so many releases; one that vanished keeps its last price."""
    return next((cost for cost in reversed(costs[:releases]) if cost is not None), None)


@pytest.fixture(scope="module")
def clock() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def at(clock: pytest.MonkeyPatch, day: str) -> None:
    """Let what lands or is closed from now on have been so at noon of that day."""

    class Noon(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Noon:
            return cls.fromisoformat(f"{day}T12:00:00").replace(tzinfo=tz)

    for place in ("land", "lake"):
        clock.setattr(f"orchestration.landing.{place}.now", lambda: f"{day}T12:00:00.000000Z")
    clock.setattr("orchestration.closing.datetime", Noon)


def marts(settings: Settings, sql: str, day: date | None = None) -> list[tuple[Any, ...]]:
    folder = settings.publish / "as_of" / day.isoformat() if day else settings.publish
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def deliver_release(settings: Settings, data: Path, version: str) -> None:
    name = f"litellm-{version}_model_prices_and_context_window_backup.json.gz"
    content = (data / "price_books_litellm" / name).read_bytes()
    (settings.folder / "releases" / f"{RELEASES[version]}.json.gz").write_bytes(content)


def deliver_sol(settings: Settings, day: str) -> None:
    keys = ("input_cost_per_token", "cache_read_input_token_cost", "output_cost_per_token")
    prices = zip(keys, SOL_PRICES[day], strict=True)
    entry = {key: float(Decimal(price) / 1_000_000) for key, price in prices}
    text = json.dumps({"gpt-5.6-sol": {"litellm_provider": "openai", **entry}})
    (settings.folder / "sol" / f"{day}.json").write_text(text, encoding="utf-8")


def calls(month: str, models: dict[tuple[str, str], Any]) -> str:
    return lines(
        {
            "at": f"2026-{month}-20 10:00:00", "provider": provider, "model": model,
            "input": 1_000, "cached": 0, "output": 100,
        }
        for provider, model in models
    )  # fmt: skip


@pytest.fixture(scope="module")
def company(
    data: Path, tmp_path_factory: pytest.TempPathFactory, clock: pytest.MonkeyPatch
) -> Settings:
    """Published after the last release; what the run before the closing published is in `first`."""
    folder = tmp_path_factory.mktemp("snapshots")
    for name in ("releases", "sol", "calls"):
        (folder / name).mkdir()
    (folder / "twinledger.toml").write_text(SETTINGS, encoding="utf-8")
    settings = load_settings(folder / "twinledger.toml")
    at(clock, "2026-08-17")
    deliver_release(settings, data, "1.61.1")
    deliver_sol(settings, "2026-08-17")
    land(settings, ["releases", "own"])
    at(clock, "2026-08-24")
    sol = {"provider": "openai", "model": "gpt-5.6-sol", "at": "2026-08-23 23:59:59", **SOL}
    august = calls("08", used_models(data)) + lines([sol])
    (folder / "calls" / "august.jsonl").write_text(august, encoding="utf-8")
    run(settings)
    (folder / "first.duckdb").write_bytes((settings.publish / "marts.duckdb").read_bytes())
    at(clock, "2026-09-02")
    close_month(settings, "2026-08")
    at(clock, "2026-09-05")
    deliver_release(settings, data, "1.77.7")
    deliver_sol(settings, "2026-09-05")
    land(settings, ["releases", "own"])
    at(clock, "2026-09-08")
    deliver_release(settings, data, "1.100.0")
    september = calls("09", used_models(data)) + lines([{**sol, "at": "2026-09-01 00:00:00"}])
    (folder / "calls" / "september.jsonl").write_text(september, encoding="utf-8")
    run(settings)
    return settings


FIGURES = (
    "select provider, model, rated_cost, rated_cost_as_known_now, unpriced_tokens "
    "from cost_ledger.token_usage_daily where usage_date < '2026-09-01' order by all"
)


def figures(
    settings: Settings, month: int, day: date | None = None
) -> dict[tuple[str, str], tuple[Decimal | None, Decimal | None]]:
    """(provider, model) → (as reported, as known now)."""
    rows = marts(
        settings,
        "select provider, model, rated_cost, rated_cost_as_known_now "
        f"from cost_ledger.token_usage_daily where month(usage_date) = {month}",
        day,
    )
    return {(provider, model): (then, now) for provider, model, then, now in rows}


def test_a_closed_month_keeps_its_figures_to_the_last_decimal(
    company: Settings, data: Path
) -> None:
    with duckdb.connect(str(company.folder / "first.duckdb"), read_only=True) as con:
        first = {(row[0], row[1]): row[2] for row in con.execute(FIGURES).fetchall()}
    now = figures(company, 8)
    assert {name: then for name, (then, _) in now.items()} == first
    expected = {name: known_by(costs, 1) for name, costs in used_models(data).items()}
    assert first == {**expected, ("openai", "gpt-5.6-sol"): sol_cost("2026-08-17")}


def test_what_is_known_now_shows_the_difference(company: Settings, data: Path) -> None:
    used = used_models(data)
    now = {name: late for name, (_, late) in figures(company, 8).items()}
    expected = {name: known_by(costs, 3) for name, costs in used.items()}
    assert now == {**expected, ("openai", "gpt-5.6-sol"): sol_cost("2026-09-05")}
    assert sum(known_by(costs, 1) != known_by(costs, 3) for costs in used.values()) > 20


def test_an_open_month_is_rated_by_what_is_known_now(company: Settings, data: Path) -> None:
    september = figures(company, 9)
    assert all(then == now for then, now in september.values())
    expected = {name: known_by(costs, 3) for name, costs in used_models(data).items()}
    assert {name: now for name, (_, now) in september.items()} == {
        **expected,
        ("openai", "gpt-5.6-sol"): sol_cost("2026-09-05"),
    }


def test_repriced_history_is_told_from_what_was_reported(company: Settings) -> None:
    then, now = figures(company, 8)["openai", "gpt-5.6-sol"]
    assert then is not None and now is not None
    assert (round(then, 2), round(now, 2)) == (Decimal("2472.81"), Decimal("1923.92"))


@pytest.mark.parametrize(("day", "releases"), [("2026-08-31", 1), ("2026-09-06", 2)])
def test_a_past_state_is_reproduced(company: Settings, data: Path, day: str, releases: int) -> None:
    past = date.fromisoformat(day)
    run(company, as_of=past)
    expected = {
        name: (known_by(costs, 1), known_by(costs, releases))
        for name, costs in used_models(data).items()
    }
    sol = sol_cost("2026-08-17"), sol_cost(("2026-08-17", "2026-09-05")[releases - 1])
    assert figures(company, 8, past) == {**expected, ("openai", "gpt-5.6-sol"): sol}
    assert figures(company, 9, past) == {}


def landed_prices(settings: Settings) -> dict[str, pa.Table]:
    """Snapshot's day → its rows, of every landed list."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        register_landing(con, settings)
        days = con.execute(
            "select distinct cast(snapshot_date as varchar) from landing.prices order by 1"
        ).fetchall()
        return {
            day: con.execute(
                "select * from landing.prices where snapshot_date = ?", [day]
            ).to_arrow_table()
            for (day,) in days
        }


def lists(folder: Path, files: Mapping[str, Path], clock: pytest.MonkeyPatch) -> Settings:
    """A workspace in which price lists landed one after the other, each on its day."""
    (folder / "lists").mkdir(parents=True)
    text = '[[sources]]\nname = "list"\ntype = "prices"\nuri = "lists/*"\n'
    (folder / "twinledger.toml").write_text(text, encoding="utf-8")
    settings = load_settings(folder / "twinledger.toml")
    for day, file in files.items():
        (folder / "lists" / f"{day}.json.gz").write_bytes(file.read_bytes())
        at(clock, day)
        land(settings)
    return settings


def input_changes(diff: PriceDiff) -> set[tuple[str, str]]:
    """Models whose price of input changed, or that have one now."""
    return {
        (change.provider, change.model)
        for change in diff.changed
        if change.token_class == "input_uncached"
        and change.service_tier == "standard"
        and change.context_from_tokens == 0
    }


@pytest.mark.parametrize(
    ("earlier", "later", "by_text", "noise"),
    [
        ("1.61.1", "1.77.7", 17, set()),
        # 1.2999e-07 and 1.2999000000000001e-07: the noise of a double, no change of the price.
        ("1.77.7", "1.100.0", 102, {"databricks/databricks-gte-large-en"}),
    ],
)
@pytest.mark.usefixtures("no_gate")
def test_the_changes_between_releases_are_told(
    data: Path,
    tmp_path: Path,
    clock: pytest.MonkeyPatch,
    earlier: str,
    later: str,
    by_text: int,
    noise: set[str],
) -> None:
    totals = json.loads((data / "price_books_litellm" / "control_totals.json").read_text())
    assert totals[later][f"against_{earlier}"]["input_price_changed"] == by_text
    files = {
        RELEASES[version]: data / "price_books_litellm"
        / f"litellm-{version}_model_prices_and_context_window_backup.json.gz"
        for version in (earlier, later)
    }  # fmt: skip
    before, after = landed_prices(lists(tmp_path / "w", files, clock)).values()
    diff = price_diff(before, after)
    one, other = release(data, earlier), release(data, later)
    # What a release lists without a price, or with zeros only, is no model of the price book yet.
    priced_now = {
        model
        for _, model in diff.new
        if model in one and other[model].get("input_cost_per_token") is not None
    }
    stated = {
        model
        for model in one.keys() & other.keys()
        if one[model].get("input_cost_per_token") != other[model].get("input_cost_per_token")
    }
    assert len(stated) == by_text
    assert {model for _, model in input_changes(diff)} | priced_now == stated - noise


@pytest.mark.usefixtures("no_gate")
def test_the_four_snapshots_of_genai_prices_land_in_order(
    data: Path, tmp_path: Path, clock: pytest.MonkeyPatch
) -> None:
    folder = data / "price_books_genai_prices"
    files = {day: folder / f"data_{day}.json.gz" for day in GENAI}
    landed = landed_prices(lists(tmp_path / "w", files, clock))
    assert tuple(landed) == GENAI
    stated = {day: json.loads(gzip.decompress(file.read_bytes())) for day, file in files.items()}
    plain = {
        day: {
            (provider["id"], model["id"]): model["prices"]["input_mtok"]
            for provider in document
            for model in provider["models"]
            if isinstance(model["prices"], dict)
            and isinstance(model["prices"].get("input_mtok"), int | float)
        }
        for day, document in stated.items()
    }
    for before, after in pairwise(GENAI):
        diff = price_diff(landed[before], landed[after])
        named = {
            day: {
                (provider["id"], model["id"])
                for provider in stated[day]
                for model in provider["models"]
                if model["prices"]
            }
            for day in (before, after)
        }
        assert set(diff.new) == named[after] - named[before]
        assert set(diff.vanished) == named[before] - named[after]
        both = plain[before].keys() & plain[after].keys()
        changed = {name for name in both if plain[before][name] != plain[after][name]}
        assert input_changes(diff) & both == changed
