"""The bundled data of genai-prices as rows of the landed dataset `prices`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, time
from decimal import ROUND_HALF_EVEN, Decimal
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from orchestration.settings import Settings

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

SCOPE = "genai_prices"
CURRENCY = "USD"
QUANTUM = Decimal(1).scaleb(-18)
REVISION = 2
"""Which reading of the package's data this is: another one is landed beside the former, for the
same day, and counts from then on."""

# Our disjoint token classes, each with the package's price keys from the narrowest to the widest:
# a class without a price of its own costs what the class around it costs. Not so a write for an
# hour: vendors charge more for it than for five minutes, so that without a price it has none.
TOKEN_CLASSES = {
    "input_uncached": ("input_mtok",),
    "input_cache_read": ("cache_read_mtok", "input_mtok"),
    "input_cache_write_5m": ("cache_write_5m_mtok", "cache_write_mtok", "input_mtok"),
    "input_cache_write_1h": ("cache_write_1h_mtok",),
    "input_cache_write_other": ("cache_write_mtok", "input_mtok"),
    "output": ("output_mtok",),
    "output_reasoning": ("output_reasoning_mtok",),
}

SCHEMA = pa.schema(
    [
        ("snapshot_source", pa.string()),
        ("snapshot_date", pa.date32()),
        ("provider", pa.string()),
        ("model", pa.string()),
        ("token_class", pa.string()),
        ("service_tier", pa.string()),
        ("context_from_tokens", pa.int64()),
        ("valid_from", pa.date32()),
        ("valid_to", pa.date32()),
        ("from_time", pa.string()),
        ("to_time", pa.string()),
        ("unit_price", pa.decimal128(38, 18)),
        ("currency", pa.string()),
        ("price_kind", pa.string()),
        ("geography", pa.string()),
        ("weekdays", pa.string()),
        ("quantity_from", pa.decimal128(38, 18)),
        ("tier_mode", pa.string()),
        ("is_promotion", pa.bool_()),
        ("valid_from_at", pa.timestamp("us")),
        ("valid_until_at", pa.timestamp("us")),
    ]
)


def ensure_price_snapshot(settings: Settings) -> str | None:
    """Land the installed package's prices, once per version of its data.

    Returns:
        The load id, or None where this snapshot stood already.
    """
    from orchestration.landing.lake import Lake, land_table

    # Reading the package's data takes half a second, which a run with nothing new must not pay.
    memory = settings.work / "prices.json"
    seen = {"version": version("genai-prices"), "revision": REVISION}
    stands = {item.files[0].name for item in Lake(settings).of_source(SCOPE)}
    try:
        known: dict[str, Any] = json.loads(memory.read_text(encoding="utf-8"))
        if known == {**seen, "period": known.get("period")} and known["period"] in stands:
            return None
    except (OSError, ValueError):
        pass
    period = snapshot_period()
    load_id = None
    if period not in stands:
        load_id = land_table(settings, "prices", SCOPE, price_table(), period)
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.write_text(json.dumps({**seen, "period": period}), encoding="utf-8")
    return load_id


def snapshot_period() -> str:
    """The period under which this version of the package's data lands."""
    return f"{snapshot_date().isoformat()} r{REVISION}"


def snapshot_date() -> date:
    """The day on which the package's data was last brought up to date.

    The package does not say. It observes the prices of the OpenRouter market day by day, while
    vendors announce theirs ahead: so the newest dated change of that market is the day.
    """
    from genai_prices.data_snapshot import _bundled_snapshot
    from genai_prices.types import StartDateConstraint

    providers = _bundled_snapshot().providers
    observed = [provider for provider in providers if provider.id == "openrouter"]
    dates = [
        price.constraint.start_date
        for provider in observed or providers
        for model in provider.models
        for price in (model.prices if isinstance(model.prices, list) else ())
        if isinstance(price.constraint, StartDateConstraint)
    ]
    return max(dates)


def price_table() -> pa.Table:
    """Every bundled price, one row per piece of time, context band and token class.

    Columns are those of the dataset `prices`. `unit_price` is US dollars for one unit (a token, a
    request, a second …); `valid_to` is the last valid day; `context_from_tokens` is the smallest
    prompt (all its input tokens) to which the row applies, and applies to all tokens of it.
    """
    from genai_prices.data_snapshot import _bundled_snapshot

    models = (
        (provider.id, model)
        for provider in _bundled_snapshot().providers
        for model in provider.models
    )
    said = {"snapshot_source": SCOPE, "snapshot_date": snapshot_date()}
    return pa.Table.from_pylist([{**said, **row} for row in price_rows(models)], schema=SCHEMA)


def price_rows(models: Iterable[tuple[str, ModelInfo]]) -> Iterator[dict[str, Any]]:
    """Rows of (provider, model) pairs in the columns of the dataset `prices`."""
    from orchestration.pricing.segments import segments

    for provider, model in models:
        for segment in segments(model):
            for token_class, start, price in _classes(segment.prices):
                yield {
                    "provider": provider,
                    "model": model.id,
                    "token_class": token_class,
                    "service_tier": segment.service_tier,
                    "geography": segment.geography,
                    "context_from_tokens": start,
                    "valid_from": segment.valid_from,
                    "valid_to": segment.valid_to,
                    "from_time": _clock(segment.from_time),
                    "to_time": _clock(segment.to_time),
                    "unit_price": price,
                    "currency": CURRENCY,
                }


def _classes(prices: ModelPrice) -> Iterator[tuple[str, int, Decimal]]:
    """(token class, first context size, price of one unit)."""
    from genai_prices.units import _get_registry

    units = _get_registry()
    given = {
        key: value
        for key, value in prices.__dict__.items()
        if value is not None and not key.startswith("_") and key in units._all_price_keys
    }
    chosen = {
        name: next((key for key in keys if key in given), None)
        for name, keys in TOKEN_CLASSES.items()
    }
    # A band that one class has is a band of all, so that a lookup by band finds each class.
    bands = sorted({0, *(start for value in given.values() for start in _starts(value))})
    own = {key for keys in TOKEN_CLASSES.values() for key in keys}
    others = {units.unit_for_price_key(key).usage_key: key for key in given if key not in own}
    for name, price_key in {**chosen, **others}.items():
        if price_key is None:
            continue
        per = units.unit_for_price_key(price_key).per
        for start in bands:
            price = _at(given[price_key], start) / per
            yield name, start, price.quantize(QUANTUM, ROUND_HALF_EVEN)


def _starts(price: Decimal | TieredPrices) -> list[int]:
    # A tier applies to prompts larger than its start.
    return [] if isinstance(price, Decimal) else [tier.start + 1 for tier in price.tiers]


def _at(price: Decimal | TieredPrices, tokens: int) -> Decimal:
    if isinstance(price, Decimal):
        return price
    above = [tier.price for tier in price.tiers if tokens > tier.start]
    return above[-1] if above else price.base


def _clock(value: time | None) -> str | None:
    return value.strftime("%H:%M:%S") if value else None
