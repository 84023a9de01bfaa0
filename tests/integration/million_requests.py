"""A million mixed requests, made deterministically, and the judge: genai-prices, row by row.

The judge imports nothing of the product: it reads the delivered files and calls `calc_price`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 20_260_401
PART_ROWS = 50_000
"""Rows of one file, and of one piece of the judge's work."""

LAST_DAY = date(2026, 11, 1)
"""Prices may begin later than now; requests cannot."""

Key = tuple[str, str, str, str, str, date]
"""(source, provider, model, service tier, unit or "", day)."""


@dataclass(frozen=True)
class Priced:
    """A model of the package.

    Attributes:
        tiers: service tiers that it prices apart.
        edges: the largest prompts of its context bands.
        units: what it counts beside tokens: searches, seconds, characters, pages.
        days: days on which a price of it begins.
        has_audio: prices audio tokens.
        has_hour: prices cache writes for an hour.
        has_output: prices what comes out.
        is_special: anything of the above, prices by the hour, or written for an hour.
    """

    provider: str
    model: str
    tiers: tuple[str, ...]
    edges: tuple[int, ...]
    units: tuple[str, ...]
    days: tuple[date, ...]
    has_audio: bool
    has_hour: bool
    has_output: bool
    is_special: bool


@cache
def priced_models() -> list[Priced]:
    """Models that the package finds by their own ids; all special ones, every tenth plain one."""
    from genai_prices.data_snapshot import _bundled_snapshot

    snapshot = _bundled_snapshot()
    found: list[Priced] = []
    plain = 0
    for provider in snapshot.providers:
        for model in provider.models:
            try:
                if snapshot.find_provider_model(model.id, None, provider.id, None)[1] is not model:
                    continue
            except LookupError:
                continue
            one = _describe(provider.id, model)
            plain += not one.is_special
            if one.is_special or plain % 10 == 0:
                found.append(one)
    return found


def _describe(provider: str, model: Any) -> Priced:
    from genai_prices.types import StartDateConstraint, TieredPrices
    from genai_prices.units import _get_registry

    conditional = model.prices if isinstance(model.prices, list) else ()
    sets = [price.prices for price in conditional] or [model.prices]
    sets += [variant.prices for variant in model.price_variants or ()]
    given = {
        key: value
        for prices in sets
        for key, value in prices.__dict__.items()
        if value is not None and not key.startswith("_")
    }
    tiers = {
        value
        for variant in model.price_variants or ()
        for key, value in variant.when.items()
        if len(variant.when) == 1
        and key in ("service_tier", "processing", "speed")
        and value != "default"
    }
    edges = {
        tier.start
        for value in given.values()
        if isinstance(value, TieredPrices)
        for tier in value.tiers
    }
    days = {
        price.constraint.start_date
        for price in conditional
        if isinstance(price.constraint, StartDateConstraint)
    }
    registry = _get_registry()
    units = {
        registry.unit_for_price_key(key).usage_key
        for key in given
        if not key.endswith("_mtok") and key != "requests_kcount"
    }
    has_audio = bool({"input_audio_mtok", "output_audio_mtok"} & set(given))
    return Priced(
        provider,
        model.id,
        tuple(sorted(tiers)),
        tuple(sorted(edges)),
        tuple(sorted(units)) if "requests_kcount" not in given else (),
        tuple(sorted(days)),
        has_audio,
        "cache_write_1h_mtok" in given,
        "output_mtok" in given,
        bool(tiers or edges or units or conditional or has_audio or "cache_write_1h_mtok" in given),
    )


def days_of(models: Sequence[Priced]) -> list[date]:
    """The days on which most providers' prices begin, each with the day before it."""
    begins = [
        day
        for day, _ in sorted({(day, model.provider) for model in models for day in model.days})
        if day < LAST_DAY
    ]
    most = sorted(set(begins), key=lambda day: (-begins.count(day), day))[:8]
    return sorted({day - timedelta(days=back) for day in most for back in (0, 1)})


UNKNOWN = ("nobody", "a-model-that-nobody-prices")
SCHEMAS = {
    "events": pa.schema(
        [
            ("started_at", pa.timestamp("us")),
            ("provider", pa.string()),
            ("model", pa.string()),
            ("service_tier", pa.string()),
            ("input_tokens", pa.int64()),
            ("cached_input_tokens", pa.int64()),
            ("cache_write_tokens", pa.int64()),
            ("output_tokens", pa.int64()),
            ("reasoning_tokens", pa.int64()),
            ("unit", pa.string()),
            ("quantity", pa.int64()),
        ]
    ),
    "gateway": pa.schema(
        [
            ("request_id", pa.string()),
            ("startTime", pa.timestamp("us")),
            ("custom_llm_provider", pa.string()),
            ("model", pa.string()),
            ("prompt_tokens", pa.int64()),
            ("completion_tokens", pa.int64()),
            ("total_tokens", pa.int64()),
            ("metadata", pa.string()),
        ]
    ),
}


def write_part(folder: Path, number: int) -> tuple[str, Path]:
    """Write one part of the requests: seven of ten are a request log's, three a gateway's.

    Returns:
        (source, Parquet file below `<folder>/events` or `<folder>/gateway`).
    """
    models = priced_models()
    source = "gateway" if number % 10 in (2, 5, 8) else "events"
    path = folder / source / f"part-{number:03}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    draw = _gateway_rows if source == "gateway" else _event_rows
    rows = draw(np.random.default_rng([SEED, number]), number, models, days_of(models))
    pq.write_table(pa.Table.from_pylist(list(rows), schema=SCHEMAS[source]), path)
    return source, path


@dataclass(frozen=True)
class Draw:
    """What every request has."""

    number: int
    priced: Priced | None
    tier: str | None
    at: datetime
    prompt: int
    read: int
    written: int
    output: int
    reasoning: int

    @property
    def name(self) -> tuple[str, str]:
        return (self.priced.provider, self.priced.model) if self.priced else UNKNOWN


def _draws(
    rng: np.random.Generator, part: int, models: Sequence[Priced], days: Sequence[date]
) -> Iterator[Draw]:
    """Requests: sizes over six powers of ten, band edges met exactly, hours and half hours too."""
    count = PART_ROWS
    chosen = rng.integers(0, len(models), count)
    day = rng.integers(0, len(days), count)
    second = rng.integers(0, 86_400, count)
    # Prices by the hour change at full and half hours: one in eight is asked then, or just before.
    sharp = (second // 1_800) * 1_800 - rng.integers(0, 2, count)
    second = np.where(rng.integers(0, 8, count) == 0, np.maximum(sharp, 0), second)
    prompt = np.exp(rng.uniform(np.log(2), np.log(600_000), count)).astype(int)
    shares = rng.uniform(0, 1, (3, count))
    output = np.exp(rng.uniform(np.log(1), np.log(60_000), count)).astype(int)
    odds = rng.integers(0, 1_000, count)
    for row in range(count):
        priced = models[chosen[row]]
        odd = int(odds[row])
        size = int(prompt[row])
        if priced.edges and odd % 5 == 0:
            size = priced.edges[odd % len(priced.edges)] + odd % 2
        read = int(size * shares[0, row]) if odd % 2 else 0
        written = int((size - read) * shares[1, row]) if odd % 3 == 0 else 0
        tier = None
        if priced.tiers and odd % 4 == 0:
            tier = priced.tiers[odd % len(priced.tiers)]
        elif odd == 7:
            # A tier that no list knows.
            tier = "overnight"
        # An embedding has no answer, but for one day of the log.
        answer = int(output[row]) if priced.has_output or day[row] == 0 else 0
        yield Draw(
            part * PART_ROWS + row,
            None if odd == 999 else priced,
            tier,
            datetime.combine(days[day[row]], datetime.min.time())
            + timedelta(seconds=int(second[row])),
            size,
            read,
            written,
            answer,
            int(answer * shares[2, row]) if odd % 7 == 0 else 0,
        )


def _event_rows(
    rng: np.random.Generator, part: int, models: Sequence[Priced], days: Sequence[date]
) -> Iterator[dict[str, Any]]:
    for draw in _draws(rng, part, models, days):
        provider, model = draw.name
        row: dict[str, Any] = {
            "started_at": draw.at,
            "provider": provider,
            "model": model,
            "service_tier": draw.tier,
            "input_tokens": draw.prompt,
            "cached_input_tokens": draw.read,
            "cache_write_tokens": draw.written,
            "output_tokens": draw.output,
            "reasoning_tokens": draw.reasoning,
        }
        units = draw.priced.units if draw.priced else ()
        if units and draw.number % 3 == 0 and draw.tier is None:
            row |= dict.fromkeys(
                ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens",
                 "reasoning_tokens"),
                0,
            )  # fmt: skip
            row |= {"unit": units[draw.number % len(units)], "quantity": 1 + draw.number % 50}
        yield row


def _gateway_rows(
    rng: np.random.Generator, part: int, models: Sequence[Priced], days: Sequence[date]
) -> Iterator[dict[str, Any]]:
    for draw in _draws(rng, part, models, days):
        provider, model = draw.name
        # One in a hundred of the others claims to have written for an hour, too.
        has_hour = draw.number % 100 == 0 or (draw.priced is not None and draw.priced.has_hour)
        hour = draw.written // 3 if has_hour else 0
        fresh = draw.prompt - draw.read - draw.written
        audio = draw.priced is not None and draw.priced.has_audio
        usage = {
            "service_tier": draw.tier,
            "cache_creation_input_tokens": draw.written,
            "prompt_tokens_details": {
                "cached_tokens": draw.read,
                "audio_tokens": fresh // 2 if audio else 0,
                "image_tokens": fresh // 5 if draw.number % 4 == 0 else 0,
                "cache_creation_token_details": {
                    "ephemeral_5m_input_tokens": draw.written - hour,
                    "ephemeral_1h_input_tokens": hour,
                },
            },
            "completion_tokens_details": {
                "reasoning_tokens": draw.reasoning,
                "audio_tokens": (draw.output - draw.reasoning) // 2 if audio else 0,
            },
        }
        yield {
            "request_id": f"r-{draw.number}",
            "startTime": draw.at,
            "custom_llm_provider": provider,
            "model": model,
            "prompt_tokens": draw.prompt,
            "completion_tokens": draw.output,
            "total_tokens": draw.prompt + draw.output,
            "metadata": json.dumps({"usage_object": usage}),
        }


# The package asks for what two kinds share; a gateway does not tell, and the requests have none.
APART = {
    **{
        f"cache_{kind}_{way}_tokens": 0
        for kind in ("audio", "image")
        for way in ("read", "write", "write_5m", "write_1h")
    },
    "output_audio_reasoning_tokens": 0,
}


def _context(tier: str | None, speeds: bool) -> dict[str, str] | None:
    """How the package asks for a service tier; vendors call the fast one a tier or a speed."""
    if tier is None:
        return None
    key = {"batch": "processing", "fast": "speed" if speeds else "service_tier"}
    return {key.get(tier, "service_tier"): tier}


# What pays for a class, the narrowest price first: the package's rule, but that an hour of cache is
# not priced as five minutes.
PAID_BY = {
    "input_uncached": ("input_mtok",),
    "input_cache_read": ("cache_read_mtok", "input_mtok"),
    "input_cache_write_5m": ("cache_write_5m_mtok", "cache_write_mtok", "input_mtok"),
    "input_cache_write_1h": ("cache_write_1h_mtok",),
    "input_cache_write_other": ("cache_write_mtok", "input_mtok"),
    "input_audio": ("input_audio_mtok", "input_mtok"),
    "input_image": ("input_image_mtok", "input_mtok"),
    "output_visible": ("output_mtok",),
    "output_reasoning": ("output_reasoning_mtok", "output_mtok"),
    "output_audio": ("output_audio_mtok", "output_mtok"),
}


def listed(provider: str, model: str, tier: str, day: date) -> set[str] | None:
    """The price keys of a model on a day, by the package's data; None where it has no such tier."""
    from genai_prices.data_snapshot import _bundled_snapshot

    found = _bundled_snapshot().find_provider_model(model, None, provider, None)[1]
    noon = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=12)
    named: dict[str, str] | None = None
    if tier != "standard":
        named = next(
            (
                variant.when
                for variant in found.price_variants or ()
                if list(variant.when.values()) == [tier]
                and (variant.constraint is None or variant.constraint.active(noon))
            ),
            None,
        )
        if named is None:
            return None
    prices = found.get_prices(noon, named).__dict__.items()
    return {key for key, value in prices if value is not None and not key.startswith("_")}


def is_paid(token_class: str, keys: set[str]) -> bool:
    """Whether one of the price keys pays for a class or a unit."""
    from genai_prices.units import _get_registry

    units = _get_registry()
    names = PAID_BY.get(token_class) or [
        key
        for key in units._all_price_keys
        if units.unit_for_price_key(key).usage_key == token_class
    ]
    return any(name in keys for name in names)


@dataclass(frozen=True)
class Verdict:
    """What a file's requests cost, priced one by one.

    Attributes:
        sums: key → (US dollars, requests).
        unknown: requests whose model the package does not know; they have no key.
        seconds: how long that took.
    """

    sums: dict[Key, tuple[Decimal, int]]
    unknown: int
    seconds: float


def judge(source: str, path: Path) -> Verdict:
    """Price a file's requests one by one."""
    from genai_prices import Usage, calc_price
    from genai_prices.data_snapshot import _bundled_snapshot

    speeds = {
        (provider.id, model.id)
        for provider in _bundled_snapshot().providers
        for model in provider.models
        if any("speed" in variant.when for variant in model.price_variants or ())
    }
    sums: dict[Key, tuple[Decimal, int]] = {}
    unknown = 0
    started = perf_counter()
    read = _gateway_usage if source == "gateway" else _event_usage
    for row in pq.read_table(path).to_pylist():
        provider, model, tier, at, unit, usage = read(row)
        try:
            price = calc_price(
                Usage(**usage),
                model,
                provider_id=provider,
                genai_request_timestamp=at.replace(tzinfo=UTC),
                price_context=_context(tier, (provider, model) in speeds),
            ).total_price
        except LookupError:
            unknown += 1
            continue
        key = (source, provider, model, tier or "standard", unit or "", at.date())
        cost, requests = sums.get(key, (Decimal(0), 0))
        sums[key] = cost + price, requests + 1
    return Verdict(sums, unknown, perf_counter() - started)


def _event_usage(row: dict[str, Any]) -> tuple[str, str, str | None, datetime, str | None, Any]:
    from genai_prices.units import _get_registry

    usage = {
        "input_tokens": row["input_tokens"],
        "cache_read_tokens": row["cached_input_tokens"],
        "cache_write_tokens": row["cache_write_tokens"],
        "output_tokens": row["output_tokens"],
        "output_reasoning_tokens": row["reasoning_tokens"],
    }
    if row["unit"]:
        # What counts a kind of audio counts audio too.
        counted = (row["unit"], *_get_registry().ancestor_usage_keys(row["unit"]))
        usage = dict.fromkeys(counted, row["quantity"])
    names = row["provider"], row["model"], row["service_tier"]
    return *names, row["started_at"], row["unit"], usage


def _gateway_usage(row: dict[str, Any]) -> tuple[str, str, str | None, datetime, str | None, Any]:
    stated = json.loads(row["metadata"])["usage_object"]
    prompt = stated["prompt_tokens_details"]
    answer = stated["completion_tokens_details"]
    lifetimes = prompt["cache_creation_token_details"]
    usage = {
        **APART,
        "input_tokens": row["prompt_tokens"],
        "cache_read_tokens": prompt["cached_tokens"],
        "cache_write_tokens": stated["cache_creation_input_tokens"],
        "cache_write_5m_tokens": lifetimes["ephemeral_5m_input_tokens"],
        "cache_write_1h_tokens": lifetimes["ephemeral_1h_input_tokens"],
        "input_audio_tokens": prompt["audio_tokens"],
        "input_image_tokens": prompt["image_tokens"],
        "output_tokens": row["completion_tokens"],
        "output_reasoning_tokens": answer["reasoning_tokens"],
        "output_audio_tokens": answer["audio_tokens"],
    }
    names = row["custom_llm_provider"], row["model"], stated["service_tier"]
    return *names, row["startTime"], None, usage
