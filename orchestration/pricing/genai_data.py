"""The data file of genai-prices (`prices/data.json` of its repository) as rows of `prices`.

The file is an array of providers; a model's `prices` is one object or a list with constraints (from
a day on, between two times of the day), a price is US dollars for a million tokens (a thousand
requests …) or `{"base", "tiers": [{"start", "price"}]}`. Only ids and prices are read: the rest of
the file changes with every version of the package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orchestration.pricing.snapshot import price_rows

if TYPE_CHECKING:
    from genai_prices.types import (
        ModelInfo,
        ModelPrice,
        StartDateConstraint,
        TieredPrices,
        TimeOfDateConstraint,
    )


def is_genai_data(document: object) -> bool:
    """Whether a JSON document is a list of providers with models."""
    return isinstance(document, list) and all(
        isinstance(provider, dict) and isinstance(provider.get("models"), list)
        for provider in document
    )


def genai_rows(document: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows of the data file, without the snapshot's columns.

    Args:
        document: the file's JSON with numbers as Decimal.

    Raises:
        ValueError: a price or a constraint cannot be read, or is negative; it names the model.
    """
    return price_rows(_models(document))


def _models(document: list[dict[str, Any]]) -> Iterator[tuple[str, ModelInfo]]:
    from genai_prices.types import ClauseEquals, ConditionalPrice, ModelInfo, PriceVariant

    for provider in document:
        for model in provider["models"]:
            name = f"{provider.get('id')}/{model.get('id')}"
            if not isinstance(provider.get("id"), str) or not isinstance(model.get("id"), str):
                raise ValueError(f"a provider or model has no id ({name})")
            try:
                prices = model["prices"]
                yield (
                    provider["id"],
                    ModelInfo(
                        id=model["id"],
                        match=ClauseEquals(equals=model["id"]),
                        prices=_price(prices)
                        if isinstance(prices, dict)
                        else [
                            ConditionalPrice(_constraint(one), prices=_price(one["prices"]))
                            for one in prices
                        ],
                        price_variants=[
                            PriceVariant(one["when"], _price(one["prices"]), _constraint(one))
                            for one in model.get("price_variants") or ()
                        ],
                    ),
                )
            except (KeyError, TypeError, AttributeError) as error:
                raise ValueError(f"the prices of {name} cannot be read ({error})") from None
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None


def _price(prices: Mapping[str, Any]) -> ModelPrice:
    from genai_prices.types import ModelPrice, Tier, TieredPrices

    def one(key: str, value: Any) -> Decimal | TieredPrices:
        if not isinstance(value, dict):
            return _number(key, value)
        tiers = [Tier(int(tier["start"]), _number(key, tier["price"])) for tier in value["tiers"]]
        return TieredPrices(_number(key, value["base"]), tiers)

    return ModelPrice(
        **{key: one(key, value) for key, value in prices.items() if value is not None}
    )


def _number(key: str, value: Any) -> Decimal:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise ValueError(f"{key} is no number")
    if value < 0:
        raise ValueError(f"{key} is negative ({value})")
    return value


def _constraint(
    conditional: Mapping[str, Any],
) -> StartDateConstraint | TimeOfDateConstraint | None:
    from genai_prices.types import StartDateConstraint, TimeOfDateConstraint

    constraint = conditional.get("constraint")
    if constraint is None:
        return None
    if constraint.keys() == {"start_date"}:
        return StartDateConstraint(date.fromisoformat(constraint["start_date"]))
    if constraint.keys() == {"start_time", "end_time"}:
        return TimeOfDateConstraint(
            time.fromisoformat(constraint["start_time"]), time.fromisoformat(constraint["end_time"])
        )
    raise ValueError(f"unknown constraint: {', '.join(sorted(constraint))}")
