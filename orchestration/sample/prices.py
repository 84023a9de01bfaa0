"""What the model vendors ask for, as their public price pages say: US dollars per million tokens.

Written by hand and not read from the price book, so that the figures that the sample expects do
not come from the code under test.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

PRICE_CHANGE = date(2026, 8, 21)
"""The day from which gpt-5.6-sol costs less, in the vendor's list and in the price book."""


@dataclass(frozen=True)
class ModelPrice:
    """US dollars per million tokens of one model, from a day on."""

    model: str
    valid_from: date
    input: Decimal
    cached_input: Decimal
    output: Decimal


def _price(model: str, input_: str, cached: str, output: str, since: date | None) -> ModelPrice:
    return ModelPrice(
        model, since or date(2024, 1, 1), Decimal(input_), Decimal(cached), Decimal(output)
    )


VENDOR_PRICES = (
    _price("gpt-5.6-sol", "5", "0.5", "30", None),
    _price("gpt-5.6-sol", "4", "0.4", "20", PRICE_CHANGE),
    _price("gpt-4o", "2.5", "1.25", "10", None),
    _price("gpt-4o-mini", "0.15", "0.075", "0.6", None),
    _price("gpt-5-mini", "0.25", "0.025", "2", None),
    _price("text-embedding-3-small", "0.02", "0", "0", None),
)
"""The billed model vendor's list."""

ASSISTANT_PRICE = _price("claude-haiku-4-5", "1", "0.1", "5", None)
"""The list price of the model of the support log, for which no bill has arrived."""
