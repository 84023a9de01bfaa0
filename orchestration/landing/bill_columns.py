"""How the columns of a cloud's bill are found, whatever the header style of the file."""

from __future__ import annotations

import re
from collections.abc import Iterable

from orchestration.landing.readers import literal
from orchestration.landing.sources import Combined


def snake_case(name: str) -> str:
    """`lineItem/UnblendedCost` and `savingsPlan/SavingsPlanARN` as CUR 2.0 writes them."""
    parts = (re.sub(r"([A-Z])", r"_\1", part).strip("_") for part in re.split(r"[/:]", name))
    return re.sub(r"_+", "_", "_".join(parts)).lower()


def letters(name: str) -> str:
    """A header without its style: `SubscriptionId` and `subscription_id` are one name."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def tag_columns(available: Iterable[str], prefix: str) -> Combined | None:
    """All columns of the prefix as one JSON object, keyed by the rest; empty cells are left out."""
    found = [name for name in available if name.startswith(prefix) and name != prefix]
    if not found:
        return None
    pairs = ", ".join(
        f"{literal(name.removeprefix(prefix))}, {{{place}}}" for place, name in enumerate(found)
    )
    # A merge patch leaves out what is null.
    return Combined(
        tuple(found),
        f"nullif(cast(json_merge_patch('{{}}', json_object({pairs})) as varchar), '{{}}')",
    )
