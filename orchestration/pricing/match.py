"""Which priced model a usage record means, decided by genai-prices' own rules."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import pyarrow as pa

SCHEMA = pa.schema(
    [
        ("provider", pa.string()),
        ("model", pa.string()),
        ("price_provider", pa.string()),
        ("price_model", pa.string()),
    ]
)


def match_models(pairs: Iterable[tuple[str | None, str | None]]) -> pa.Table:
    """The price book's ids of models as usage names them.

    Args:
        pairs: (provider or None, model or None) as landed, such as ("azure", "gpt-4o") or
            (None, "vertex_ai/gemini-2.5-pro").

    Returns:
        One row per distinct pair, ordered: provider, model, price_provider, price_model. The last
        two are null where the model is not known: never the closest one, never a free one.
    """
    known = sorted(set(pairs), key=lambda pair: (pair[0] or "", pair[1] or ""))
    rows = []
    for provider, model in known:
        price_provider, price_model = _match(provider, model)
        rows.append(
            {
                "provider": provider,
                "model": model,
                "price_provider": price_provider,
                "price_model": price_model,
            }
        )
    return pa.Table.from_pylist(rows, schema=SCHEMA)


@cache
def _match(provider: str | None, model: str | None) -> tuple[str | None, str | None]:
    if not model:
        return None, None
    for provider_id, model_id in _readings(provider, model):
        found = _find(provider_id, model_id)
        if found is not None:
            return found
    return None, None


def _readings(provider: str | None, model: str) -> list[tuple[str | None, str]]:
    """How the names may be meant, surest first.

    Gateways write the provider before the model (`azure/gpt-4o`); that prefix is tried as a
    provider only, and a provider that was named is never replaced by a guess from the model.
    """
    prefix, _, rest = model.partition("/")
    if provider:
        readings: list[tuple[str | None, str]] = [(provider, model)]
        if rest and _is_same_provider(provider, prefix):
            readings.append((provider, rest))
        return readings
    return [(prefix, rest), (None, model)] if rest else [(None, model)]


def _is_same_provider(one: str, other: str) -> bool:
    from genai_prices.data_snapshot import _bundled_snapshot, find_provider_by_id

    providers = _bundled_snapshot().providers
    first = find_provider_by_id(providers, one)
    return first is not None and first is find_provider_by_id(providers, other)


def _find(provider_id: str | None, model: str) -> tuple[str, str] | None:
    from genai_prices.data_snapshot import _bundled_snapshot

    snapshot = _bundled_snapshot()
    try:
        provider, found = snapshot.find_provider_model(model, None, provider_id, None)
    except LookupError:
        return None
    # Some providers resell another's models at the other's prices.
    owner = next(
        (p for p in [provider, *snapshot.providers] if any(m is found for m in p.models)), provider
    )
    return owner.id, found.id
