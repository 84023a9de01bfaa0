"""The landed prices say what genai-prices computes, and models are matched by its rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import _bundled_snapshot
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    StartDateConstraint,
    TimeOfDateConstraint,
)
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from orchestration.landing.datasets import DATASETS
from orchestration.landing.lake import land_table
from orchestration.pricing import ensure_price_snapshot, match_models, price_table, snapshot
from orchestration.pricing.segments import segments
from orchestration.pricing.standing import known_now, standing_snapshots

ROWS: list[dict[str, Any]] = price_table().to_pylist()
BY_MODEL: dict[tuple[str, str], list[dict[str, Any]]] = {}
for _row in ROWS:
    BY_MODEL.setdefault((_row["provider"], _row["model"]), []).append(_row)

TOKEN_MODELS = sorted(
    (provider.id, model.id)
    for provider in _bundled_snapshot().providers
    for model in provider.models
    if {"input_uncached", "output"}
    <= {row["token_class"] for row in BY_MODEL.get((provider.id, model.id), [])}
    # Matched by its own id only; others are found under the name that usage has.
    and model.is_match(model.id)
    and provider.find_model(model.id) is model
)


def decimals(value: Any) -> Iterator[Decimal]:
    """All prices within a model's."""
    if isinstance(value, Decimal):
        yield value
    parts = value if isinstance(value, list) else getattr(value, "__dict__", {}).values()
    for part in parts:
        yield from decimals(part)


# Floats that the package once read, as 0.08333333333333334 dollars a million: a unit price holds 18
# decimals, so these are rounded.
ROUNDED = {
    (provider.id, model.id)
    for provider in _bundled_snapshot().providers
    for model in provider.models
    if any(price % Decimal("1e-12") for price in decimals(model.prices))
}


def holds(row: dict[str, Any], at: datetime) -> bool:
    """Whether a price holds at a moment."""
    clock = at.strftime("%H:%M:%S")
    return (
        (row["valid_from"] is None or row["valid_from"] <= at.date())
        and (row["valid_to"] is None or at.date() <= row["valid_to"])
        and (row["from_time"] is None or row["from_time"] <= clock)
        and (row["to_time"] is None or clock < row["to_time"])
    )


def unit_price(rows: list[dict[str, Any]], token_class: str, at: datetime, context: int) -> Decimal:
    """Look a price up as the warehouse does: the highest band that the prompt reaches."""
    fitting = [
        row
        for row in rows
        if row["token_class"] == token_class
        and row["context_from_tokens"] <= context
        and holds(row, at)
    ]
    best = max(row["context_from_tokens"] for row in fitting)
    (row,) = [row for row in fitting if row["context_from_tokens"] == best]
    return Decimal(row["unit_price"])


@hypothesis_settings(max_examples=400)
@given(
    pair=st.sampled_from(TOKEN_MODELS),
    tier=st.sampled_from([None, "batch", "flex", "priority"]),
    uncached=st.integers(0, 600_000),
    read=st.integers(0, 300_000),
    written=st.integers(0, 50_000),
    output=st.integers(0, 100_000),
    at=st.datetimes(datetime(2025, 6, 1), datetime(2027, 2, 1)),
)
def test_a_request_costs_what_the_package_says(
    pair: tuple[str, str],
    tier: str | None,
    uncached: int,
    read: int,
    written: int,
    output: int,
    at: datetime,
) -> None:
    rows = [
        row
        for row in BY_MODEL[pair]
        if row["service_tier"] == tier and row["geography"] is None and holds(row, at)
    ]
    if not rows:
        # The package answers with the standard price, which is no price of that tier.
        assert tier is not None
        return
    context = {"processing" if tier == "batch" else "service_tier": tier} if tier else None
    prompt = uncached + read + written
    ours = sum(
        tokens * unit_price(rows, token_class, at, prompt)
        for token_class, tokens in (
            ("input_uncached", uncached),
            ("input_cache_read", read),
            ("input_cache_write_other", written),
            ("output", output),
        )
    )
    if any(row["token_class"] == "requests" for row in rows):
        ours += unit_price(rows, "requests", at, prompt)
    theirs = calc_price(
        Usage(
            input_tokens=prompt,
            cache_read_tokens=read,
            cache_write_tokens=written,
            output_tokens=output,
        ),
        pair[1],
        provider_id=pair[0],
        genai_request_timestamp=at.replace(tzinfo=UTC),
        price_context=context,
    )
    # Half of the last decimal a token, where the package's price has more decimals than ours.
    allowed = (prompt + output) * snapshot.QUANTUM / 2 if pair in ROUNDED else 0
    assert abs(ours - theirs.total_price) <= allowed


def test_a_tier_has_no_price_before_it_began() -> None:
    """The package answers with the standard price there, which would be billed as batch."""
    batch = [
        row
        for row in BY_MODEL[("openai", "gpt-4o")]
        if row["service_tier"] == "batch" and row["token_class"] == "output"
    ]
    assert [(row["valid_from"], row["unit_price"]) for row in batch] == [
        (date(2026, 10, 14), Decimal("0.000005"))
    ]


def test_an_hour_of_cache_is_never_priced_as_five_minutes() -> None:
    """Where a list states one price for cache writes, it is that of five minutes."""
    states = {
        pair: {row["token_class"] for row in rows if row["token_class"].startswith("input_cache")}
        for pair, rows in BY_MODEL.items()
    }
    assert "input_cache_write_1h" in states[("anthropic", "claude-haiku-4-5")]
    assert "input_cache_write_1h" not in states[("github-copilot", "claude-haiku-4.5")]


def test_a_region_has_prices_of_its_own() -> None:
    rows = BY_MODEL[("openrouter", "mistralai/mistral-large-4-0")]
    prices = {
        row["geography"]: row["unit_price"]
        for row in rows
        if row["token_class"] == "output" and holds(row, datetime(2026, 11, 10))
    }
    assert prices == {None: Decimal("0.0000021"), "eu": Decimal("0.00000231")}


def test_hours_end_where_every_hour_costs_the_same() -> None:
    def price(amount: int) -> ModelPrice:
        return ModelPrice(output_mtok=Decimal(amount))

    model = ModelInfo(
        id="m",
        match=ClauseEquals(equals="m"),
        prices=[
            ConditionalPrice(prices=price(4)),
            ConditionalPrice(TimeOfDateConstraint(time(16, 30), time(0, 30)), prices=price(1)),
            ConditionalPrice(StartDateConstraint(date(2026, 3, 1)), prices=price(2)),
        ],
        price_variants=[
            PriceVariant(
                {"service_tier": "flex", "route": "m/EU"},
                price(3),
                StartDateConstraint(date(2026, 4, 1)),
            )
        ],
    )
    found = [
        (piece.service_tier, piece.geography, piece.valid_from, piece.valid_to, piece.from_time,
         piece.to_time, piece.prices.output_mtok)
        for piece in segments(model)
    ]  # fmt: skip
    last = date(2026, 2, 28)
    assert sorted(found, key=str) == [
        ("flex", "eu", date(2026, 4, 1), None, None, None, Decimal(3)),
        (None, None, None, last, time(0, 0), time(0, 30), Decimal(1)),
        (None, None, None, last, time(0, 30), time(16, 30), Decimal(4)),
        (None, None, None, last, time(16, 30), None, Decimal(1)),
        (None, None, date(2026, 3, 1), None, None, None, Decimal(2)),
    ]


def test_the_table_has_the_columns_of_the_dataset() -> None:
    assert price_table().column_names == list(DATASETS["prices"].columns)


def test_pieces_of_one_price_do_not_overlap() -> None:
    keys = [
        tuple(row[name] for name in row if name not in ("unit_price", "valid_to", "to_time"))
        for row in ROWS
    ]
    assert len(set(keys)) == len(keys)


def test_an_hourly_price_covers_the_whole_day() -> None:
    rows = BY_MODEL[("deepseek", "deepseek-reasoner")]
    price = [
        unit_price(rows, "output", datetime(2026, 6, 1, hour, minute), 10)
        for hour in range(24)
        for minute in (0, 29, 30, 59)
    ]
    assert len(set(price)) == 2


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("openai", "gpt-4o-2024-08-06", ("openai", "gpt-4o")),
        ("azure", "gpt-4o", ("openai", "gpt-4o")),
        ("azure", "azure/gpt-4o", ("openai", "gpt-4o")),
        (None, "azure/gpt-4o", ("openai", "gpt-4o")),
        (None, "claude-sonnet-4-5", ("anthropic", "claude-sonnet-4-5")),
        ("vertex_ai", "vertex_ai/gemini-2.5-pro", ("google", "gemini-2.5-pro")),
        ("gemini", "gemini/gemini-2.5-pro", ("google", "gemini-2.5-pro")),
        ("litellm", "openai/gpt-4o", ("openai", "gpt-4o")),
        # Unknown is unknown: not the closest model, not another vendor's of the same name.
        ("openai", "gpt-99", (None, None)),
        ("in-house", "gpt-4o", (None, None)),
        (None, "our-own-model", (None, None)),
        ("openai", None, (None, None)),
        (None, None, (None, None)),
    ],
)
def test_models_are_matched(
    provider: str | None, model: str | None, expected: tuple[str | None, str | None]
) -> None:
    (row,) = match_models([(provider, model), (provider, model)]).to_pylist()
    assert (row["price_provider"], row["price_model"]) == expected
    assert (row["provider"], row["model"]) == (provider, model)


def test_every_match_has_a_price() -> None:
    for row in match_models(TOKEN_MODELS).to_pylist():
        if row["price_model"] is not None:
            assert (row["price_provider"], row["price_model"]) in BY_MODEL


def test_another_reading_of_the_bundled_prices_lands_beside_the_former(workspace: Any) -> None:
    """A lake that a former version wrote gets the corrected prices, and keeps what it knew."""
    settings = workspace("")
    former = snapshot.snapshot_date().isoformat()
    assert land_table(settings, "prices", snapshot.SCOPE, price_table().slice(0, 100), former)
    old = next(iter((Path(settings.lake) / "prices").rglob("*.parquet")))
    # Its parts have the columns that it knew.
    pq.write_table(
        pq.read_table(old).drop_columns(["price_kind", "geography", "valid_from_at"]), old
    )
    assert ensure_price_snapshot(settings) is not None
    assert ensure_price_snapshot(settings) is None
    [one, other] = standing_snapshots(settings)["genai_prices"]
    assert (one.rows.num_rows, one.rows.schema) == (100, other.rows.schema)
    assert known_now([one, other]).num_rows == other.rows.num_rows == len(ROWS)
