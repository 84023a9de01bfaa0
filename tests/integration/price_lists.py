"""Price lists as CSV in the price book's columns, and amounts by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

MILLION = Decimal(1_000_000)


def usd(*parts: tuple[int, str]) -> Decimal:
    """US dollars of parts: (tokens, price of a million)."""
    return sum((tokens * Decimal(price) / MILLION for tokens, price in parts), Decimal(0))


def prices(provider: str, model: str, per_million: Mapping[str, str], **more: Any) -> list[Any]:
    """Rows of one model: token class → US dollars for a million."""
    return [
        {
            "provider": provider,
            "model": model,
            "token_class": token_class,
            "price_per_million": price,
            "currency": "USD",
            **more,
        }
        for token_class, price in per_million.items()
    ]


def as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as CSV, with every column that any of them has."""
    listed = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in listed for name in row)))
    writer.writeheader()
    writer.writerows(listed)
    return text.getvalue()
