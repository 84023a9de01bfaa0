"""The landed prices say what genai-prices computes, and models are matched by its rules."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import _bundled_snapshot
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from orchestration.landing.datasets import DATASETS
from orchestration.pricing import match_models, price_table

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


def unit_price(rows: list[dict[str, Any]], token_class: str, at: datetime, context: int) -> Decimal:
    """Look a price up as the warehouse does: the highest band that the prompt reaches."""
    clock = at.strftime("%H:%M:%S")
    fitting = [
        row
        for row in rows
        if row["token_class"] == token_class
        and row["context_from_tokens"] <= context
        and (row["valid_from"] is None or row["valid_from"] <= at.date())
        and (row["valid_to"] is None or at.date() <= row["valid_to"])
        and (row["from_time"] is None or row["from_time"] <= clock)
        and (row["to_time"] is None or clock < row["to_time"])
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
    rows = [row for row in BY_MODEL[pair] if row["service_tier"] == tier]
    if not rows:
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
    assert ours == theirs.total_price


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
