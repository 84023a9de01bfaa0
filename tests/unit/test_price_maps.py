"""Price lists other than the bundled one: read exactly, compared with each other."""

from __future__ import annotations

import gzip
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.pricing.changes import disagreements, price_diff
from orchestration.pricing.litellm_map import PriceMap, read_price_map
from orchestration.pricing.snapshot import price_table

DAY = date(2026, 10, 1)


def prices_of(entry: dict[str, object], model: str = "m") -> dict[tuple[str, str | None, int], str]:
    table = read_price_map(json.dumps({model: entry}), "map", DAY).table
    return {
        (row["token_class"], row["service_tier"], row["context_from_tokens"]): str(
            row["unit_price"].normalize()
        )
        for row in table.to_pylist()
    }


def test_what_a_price_is_for_stands_in_its_key():
    found = prices_of(
        {
            "litellm_provider": "p",
            "input_cost_per_token": 2e-6,
            "input_cost_per_token_above_200k_tokens": 4e-6,
            "cache_read_input_token_cost_priority": 5e-7,
            "output_cost_per_token_batches": 3e-6,
            "input_cost_per_audio_token": 1e-5,
        }
    )
    assert found[("input_uncached", None, 0)] == "0.000002"
    assert found[("input_uncached", None, 200_001)] == "0.000004"
    assert found[("input_cache_read", "priority", 0)] == "5E-7"
    assert found[("output", "batch", 0)] == "0.000003"
    # A class without a price at a band costs there what it costs below.
    assert found[("input_audio_tokens", None, 200_001)] == "0.00001"


def test_a_class_without_a_price_costs_what_the_class_around_it_costs():
    found = prices_of({"litellm_provider": "p", "input_cost_per_token": 2e-6})
    assert found[("input_cache_read", None, 0)] == "0.000002"
    assert found[("input_cache_write_5m", None, 0)] == "0.000002"


def test_an_hour_of_cache_is_never_priced_as_five_minutes():
    found = prices_of(
        {
            "litellm_provider": "p",
            "input_cost_per_token": 2e-6,
            "cache_creation_input_token_cost": 2.5e-6,
        }
    )
    assert ("input_cache_write_1h", None, 0) not in found


def test_ranges_of_the_prompt():
    found = prices_of(
        {
            "litellm_provider": "p",
            "tiered_pricing": [
                {"input_cost_per_token": 1e-6, "range": [0, 32000.0]},
                {"input_cost_per_token": 2e-6, "range": [32000.0, 128000.0]},
            ],
        }
    )
    assert found[("input_uncached", None, 0)] == "0.000001"
    assert found[("input_uncached", None, 32_001)] == "0.000002"


def test_zero_for_everything_is_unknown_and_zero_for_one_class_is_a_price():
    free = read_price_map(
        '{"m": {"input_cost_per_token": 0, "output_cost_per_token": 0}}', "x", DAY
    )
    assert free.table.num_rows == 0
    assert free.left_out == (("m", "", "all its prices are 0: unknown, not free"),)
    assert free.models == {"m"}
    found = prices_of(
        {"input_cost_per_token": 1e-6, "cache_creation_input_token_cost": 0.0}, model="n"
    )
    assert found[("input_cache_write_5m", None, 0)] == "0"


def test_regions_and_speed_are_multiples_of_the_prices_of_tokens():
    entry = {
        "litellm_provider": "p",
        "output_cost_per_token": 1e-5,
        "output_cost_per_token_batches": 5e-6,
        "output_cost_per_image": 0.01,
        "regional_processing_uplift_multiplier_eu": 1.1,
        "provider_specific_entry": {"us": 1.2, "fast": 6.0},
    }
    found = {
        (row["token_class"], row["service_tier"], row["geography"]): row["unit_price"] * 1_000_000
        for row in read_price_map(json.dumps({"m": entry}), "map", DAY).table.to_pylist()
    }
    assert found == {
        ("output", None, None): 10,
        ("output", None, "eu"): 11,
        ("output", None, "us"): 12,
        ("output", "batch", None): 5,
        ("output", "batch", "eu"): Decimal("5.5"),
        ("output", "batch", "us"): 6,
        ("output", "fast", None): 60,
        ("output", "fast", "eu"): 66,
        ("output", "fast", "us"): 72,
        # What is no token has no multiple that a vendor states.
        ("output_images", None, None): 10_000,
    }


def test_what_cannot_be_read_is_named():
    found = read_price_map('{"m": {"input_dbu_cost_per_token": 1e-6}}', "x", DAY)
    assert found.left_out == (("m", "input_dbu_cost_per_token", "no known unit"),)


@pytest.mark.parametrize("text", ["[]", '{"m": 1}', "{"])
def test_no_price_map(text: str):
    with pytest.raises(ValueError, match=r"price map|Expecting"):
        read_price_map(text, "x", DAY)


def release(data: Path, version: str) -> PriceMap:
    name = f"litellm-{version}_model_prices_and_context_window_backup.json.gz"
    return read_price_map(
        gzip.decompress((data / "price_books_litellm" / name).read_bytes()), "litellm", DAY
    )


@pytest.mark.parametrize(
    ("earlier", "later", "changed", "vanished"),
    [
        ("1.61.1", "1.77.7", 17, 48),
        # 102 by the text of the files: one of them is 1.2999e-07 against 1.2999000000000001e-07,
        # which is no price change but the noise of a double.
        ("1.77.7", "1.100.0", 102 - 1, 203),
    ],
)
def test_real_releases(data: Path, earlier: str, later: str, changed: int, vanished: int):
    before, after = release(data, earlier), release(data, later)
    diff = price_diff(before.table, after.table)
    inputs = [
        change
        for change in diff.changed
        if change.token_class == "input_uncached"
        and change.service_tier == "standard"
        and change.context_from_tokens == 0
    ]
    # A model that had no price at all before (0 says unknown) is new to the book, not changed.
    both = before.models & after.models
    newly_priced = [
        model for _, model in diff.new if model in both and has_input_price(after, model)
    ]
    assert len(inputs) + len(newly_priced) == changed
    assert len(before.models - after.models) == vanished


def has_input_price(prices: PriceMap, model: str) -> bool:
    return any(
        row["model"] == model and row["token_class"] == "input_uncached"
        for row in prices.table.to_pylist()
    )


def test_two_sources_disagree_only_where_both_state_a_price():
    one = read_price_map(
        json.dumps({"a": {"litellm_provider": "p", "input_cost_per_token": 1e-6}}), "one", DAY
    ).table
    other = read_price_map(
        json.dumps(
            {
                "p/a": {
                    "litellm_provider": "q",
                    "input_cost_per_token": 3e-6,
                    "output_cost_per_token": 9e-6,
                },
                "p/b": {"litellm_provider": "q", "input_cost_per_token": 7e-6},
            }
        ),
        "other",
        DAY,
        only_stated=True,
    ).table
    found = disagreements(one, other, {("q", "p/a"): ("p", "a")})
    assert [(c.token_class, c.before, c.after, c.known_as) for c in found] == [
        ("input_uncached", Decimal("0.000001"), Decimal("0.000003"), "p/a")
    ]


def test_the_same_list_twice_differs_in_nothing():
    table = price_table()
    diff = price_diff(table, table)
    assert (diff.new, diff.vanished, diff.changed) == ((), (), ())


def test_sync_says_where_a_second_list_disagrees(workspace, capsys, monkeypatch, tmp_path):
    settings = workspace("")
    book = {(r["model"], r["token_class"]): r["unit_price"] for r in price_table().to_pylist()
            if r["provider"] == "openai" and r["service_tier"] is None
            and not r["context_from_tokens"] and r["valid_to"] is None}  # fmt: skip
    same, other = book["gpt-4o", "input_uncached"], book["gpt-4o", "output"] * 2
    second = tmp_path / "second.json"
    second.write_text(
        '{"gpt-4o": {"litellm_provider": "openai",'
        f' "input_cost_per_token": {same}, "output_cost_per_token": {other}}}}}'
    )
    code, out = call(monkeypatch, capsys, settings, "--against", str(second))
    assert code == 0
    assert "Landed the prices of" in out
    assert "lists 1 models, 1 of them are in the price book; 1 prices differ" in out
    (line,) = [line for line in out.splitlines() if line.startswith("openai")]
    assert line.split()[:4] == ["openai", "gpt-4o", "output", "standard"]
    second.write_text("[]")
    code, out = call(monkeypatch, capsys, settings, "--against", str(second))
    assert code == 1
    assert "second.json: no price map can be read" in out
    assert "Traceback" not in out


def call(monkeypatch, capsys, settings, *arguments):
    from orchestration.cli import main

    command = ["twinledger", "prices", "sync", "--settings", str(settings.file), *arguments]
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    return ended.value.code or 0, captured.out + captured.err
