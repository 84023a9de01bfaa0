"""A LiteLLM-format price map as rows of the landed dataset `prices`.

The map is one JSON object, model → its prices in US dollars for one unit; what a price is for
stands in its key: `cache_read_input_token_cost_above_200k_tokens_priority`. Format: the file
`model_prices_and_context_window.json` of github.com/BerriAI/litellm.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pyarrow as pa

from orchestration.pricing.snapshot import CURRENCY, QUANTUM, SCHEMA, TOKEN_CLASSES

# Price key, without what narrows it → our token class; names beside the classes are those of
# genai-prices, so that both lists speak of the same units.
CLASSES = {
    "input_cost_per_token": "input_uncached",
    "cache_read_input_token_cost": "input_cache_read",
    "input_cost_per_token_cache_hit": "input_cache_read",
    "cache_creation_input_token_cost": "input_cache_write_5m",
    "cache_creation_input_token_cost_above_1hr": "input_cache_write_1h",
    "output_cost_per_token": "output",
    "output_cost_per_reasoning_token": "output_reasoning",
    "input_cost_per_audio_token": "input_audio_tokens",
    "cache_read_input_audio_token_cost": "cache_audio_read_tokens",
    "cache_creation_input_audio_token_cost": "cache_audio_write_tokens",
    "output_cost_per_audio_token": "output_audio_tokens",
    "input_cost_per_image_token": "input_image_tokens",
    "output_cost_per_image_token": "output_image_tokens",
    "output_cost_per_video_token": "output_video_tokens",
    "citation_cost_per_token": "output_citation_tokens",
    "input_cost_per_request": "requests",
    "input_cost_per_query": "searches",
    "input_cost_per_character": "input_characters",
    "output_cost_per_character": "output_characters",
    "input_cost_per_second": "input_seconds",
    "output_cost_per_second": "output_seconds",
    "input_cost_per_audio_per_second": "input_audio_seconds",
    "input_cost_per_video_per_second": "input_video_seconds",
    "output_cost_per_video_per_second": "output_video_seconds",
    "input_cost_per_image": "input_images",
    "output_cost_per_image": "output_images",
    "input_cost_per_pixel": "input_pixels",
    "output_cost_per_pixel": "output_pixels",
    "ocr_cost_per_page": "input_document_pages",
    "annotation_cost_per_page": "input_annotated_document_pages",
    "google_maps_grounding_cost_per_query": "map_searches",
    "code_interpreter_cost_per_session": "code_executions",
}
# A class without a price of its own costs what the class around it costs. Not so a write for an
# hour: vendors charge more for it than for five minutes, so that without a price it has none.
AROUND = {
    "input_cache_read": "input_uncached",
    "input_cache_write_5m": "input_uncached",
}
_TIERS = {"_batches": "batch", "_batch_requests": "batch", "_priority": "priority", "_flex": "flex"}
_BAND = re.compile(r"_above_(\d+)k_tokens")
_NO_MODEL = frozenset({"sample_spec", "fallback_generalizations"})
# What processing in a region adds to all token prices, by key → region; Anthropic's is told, with
# the speed's, in `provider_specific_entry`.
_REGIONS = {
    "regional_processing_uplift_multiplier_eu": "eu",
    "regional_processing_uplift_multiplier_us": "us",
}
_SPECIFIC = "provider_specific_entry"


@dataclass(frozen=True)
class PriceMap:
    """What a price map says.

    Attributes:
        table: rows of the dataset `prices`; `unit_price` is US dollars for one unit.
        models: every model that the map lists, with a price or without.
        left_out: (model, price key, reason) of every price that has no row.
    """

    table: pa.Table
    models: frozenset[str]
    left_out: tuple[tuple[str, str, str], ...]


def read_price_map(
    document: Any, snapshot_source: str, snapshot_date: date, *, only_stated: bool = False
) -> PriceMap:
    """Read a price map.

    Args:
        document: the JSON text, or what it holds with numbers as Decimal.
        snapshot_source: what the price book calls this list.
        snapshot_date: the day on which the list said so.
        only_stated: leave out what follows from another class or band, to compare lists.

    Raises:
        ValueError: it is no JSON object of models.
    """
    if isinstance(document, str | bytes):
        document = json.loads(document, parse_float=Decimal, parse_int=Decimal)
    if not isinstance(document, dict) or not all(isinstance(e, dict) for e in document.values()):
        raise ValueError("a price map is one JSON object: model name → object of prices")
    rows: list[dict[str, Any]] = []
    left_out: list[tuple[str, str, str]] = []
    for model, entry in document.items():
        if model in _NO_MODEL:
            continue
        prices, unread = _prices(entry)
        left_out += [(model, key, reason) for key, reason in unread]
        if prices and not any(prices.values()):
            left_out.append((model, "", "all its prices are 0: unknown, not free"))
            continue
        prices = prices if only_stated else _completed(prices)
        rows += [
            {
                "snapshot_source": snapshot_source,
                "snapshot_date": snapshot_date,
                "provider": entry.get("litellm_provider"),
                "model": model,
                "token_class": token_class,
                "service_tier": tier,
                "geography": geography,
                "context_from_tokens": band,
                "unit_price": price.quantize(QUANTUM, ROUND_HALF_EVEN),
                "currency": CURRENCY,
            }
            for geography, priced in _by_region(entry, prices)
            for (tier, token_class, band), price in priced.items()
        ]
    return PriceMap(
        pa.Table.from_pylist(rows, schema=SCHEMA),
        frozenset(document) - _NO_MODEL,
        tuple(left_out),
    )


Key = tuple[str | None, str, int]
"""(service tier, token class, first context size)."""


def _prices(entry: Mapping[str, Any]) -> tuple[dict[Key, Decimal], list[tuple[str, str]]]:
    """The prices that one model's entry states, and the keys that could not be read."""
    found: dict[Key, Decimal] = {}
    unread: list[tuple[str, str]] = []
    for key, value in entry.items():
        if key == "tiered_pricing":
            for tier in value if isinstance(value, list) else ():
                found |= _of_range(tier)
        elif "cost" in key and value is not None:
            place = _place(key)
            if place is None:
                unread.append((key, "no known unit"))
            elif not isinstance(value, Decimal) or not value.is_finite():
                unread.append((key, "no price"))
            elif value < 0:
                unread.append((key, "negative"))
            else:
                # Two names of one price (a former and the present one): the present one counts.
                found.setdefault(place, value)
    return found, unread


def _by_region(
    entry: Mapping[str, Any], prices: dict[Key, Decimal]
) -> list[tuple[str | None, dict[Key, Decimal]]]:
    """(geography, prices): anywhere first, then where processing in a region costs a multiple."""
    specific = entry.get(_SPECIFIC)
    stated = specific if isinstance(specific, dict) else {}
    if "fast" in stated:
        prices = prices | {
            ("fast", name, band): price * factor
            for (tier, name, band), price in prices.items()
            if tier is None and (factor := _factor(stated["fast"], name)) is not None
        }
    factors = {"us": stated.get("us")}
    factors |= {region: entry[key] for key, region in _REGIONS.items() if key in entry}
    return [(None, prices)] + [
        (
            region,
            {
                place: price * by
                for place, price in prices.items()
                if (by := _factor(multiplier, place[1])) is not None
            },
        )
        for region, multiplier in factors.items()
        if multiplier is not None
    ]


def _factor(multiplier: Any, token_class: str) -> Decimal | None:
    """The multiplier where it applies: it is told for prices of tokens alone."""
    is_token = token_class in TOKEN_CLASSES or token_class.endswith("_tokens")
    return multiplier if is_token and isinstance(multiplier, Decimal) and multiplier > 0 else None


def _of_range(tier: Mapping[str, Any]) -> dict[Key, Decimal]:
    """Prices of one context range `[more than, up to]`; ranges of anything else have none."""
    bounds = tier.get("range")
    if not isinstance(bounds, list) or not bounds:
        return {}
    start = int(bounds[0])
    band = start + 1 if start else 0
    return {
        (place[0], place[1], band): value
        for key, value in tier.items()
        if isinstance(value, Decimal) and (place := _place(key)) is not None
    }


def _place(key: str) -> Key | None:
    """What a price key is the price of; None where it is not known."""
    tier = None
    for ending, name in _TIERS.items():
        if key.endswith(ending):
            key, tier = key.removesuffix(ending), name
            break
    band = 0
    for match in _BAND.finditer(key):
        # "above 200k" holds for prompts of more than 200,000 tokens.
        band = int(match[1]) * 1000 + 1
    token_class = CLASSES.get(_BAND.sub("", key))
    return None if token_class is None else (tier, token_class, band)


def _completed(prices: Mapping[Key, Decimal]) -> dict[Key, Decimal]:
    """Each class at each band of its tier, so that a lookup by band finds every class."""
    completed: dict[Key, Decimal] = {}
    tiers: Iterable[str | None] = dict.fromkeys(tier for tier, _, _ in prices)
    for tier in tiers:
        own = {(name, band): price for (t, name, band), price in prices.items() if t == tier}
        bands = sorted({0, *(band for _, band in own)})
        names = dict.fromkeys(name for name, _ in own)
        names |= {name: None for name, around in AROUND.items() if around in names}
        for name in names:
            for band in bands:
                price = _at(own, name, band)
                if price is None and name in AROUND:
                    price = _at(own, AROUND[name], band)
                if price is not None:
                    completed[tier, name, band] = price
    return completed


def _at(own: Mapping[tuple[str, int], Decimal], name: str, band: int) -> Decimal | None:
    """The price of the highest stated band that is not above the asked one."""
    below = [start for other, start in own if other == name and start <= band]
    return own[name, max(below)] if below else None
