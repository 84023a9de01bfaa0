"""What the price book calls the models that usage names, and since when that is known.

A name is matched by the rules that come with the bundled prices, and another version of them may
take the same name for another model. So each load keeps what its models meant when it landed: a
closed month and a past state are priced under the names that were known then.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from orchestration.pricing.match import match_models
from orchestration.pricing.snapshot import SCOPE

if TYPE_CHECKING:
    from orchestration.landing.lake import Manifest

Name = tuple[str | None, str | None]
"""(provider, model)."""


@dataclass(frozen=True)
class Match:
    """What a name means; times are ISO text (UTC), None for ever."""

    name: Name
    meaning: Name
    known_from: str | None
    known_to: str | None


def meanings(names: Iterable[Name]) -> dict[Name, Name]:
    """What names mean by the rules of now."""
    wanted = list(names)
    if not wanted:
        return {}
    rows = match_models(wanted).to_pylist()
    return {
        (row["provider"], row["model"]): (row["price_provider"], row["price_model"]) for row in rows
    }


def known_matches(loads: Iterable[Manifest], *, is_past: bool = False) -> list[Match]:
    """All that is known of the names in some loads, in the order of the names.

    What is known first counts from ever on. A change counts from the price snapshot on that came
    before its load. The rules of now count where no load says anything, and from a newer snapshot
    on; of a past state (`is_past`) they say nothing that a load says.

    Args:
        loads: of usage and of prices.
    """
    ordered = sorted(loads, key=lambda load: load.loaded_at)
    snapshots = [load.loaded_at for load in ordered if load.source_name == SCOPE]
    told: dict[Name, list[tuple[str, Name]]] = {}
    for load in ordered:
        for place, name in enumerate(load.models):
            said = told.setdefault(name, [])
            # The first versions' manifests say no more than the name.
            if load.matches:
                said.append((load.loaded_at, load.matches[place]))
    newest = "" if is_past else max(snapshots, default="")
    now = meanings(name for name, said in told.items() if not said or said[-1][0] < newest)
    found = []
    for name in sorted(told, key=lambda name: (name[0] or "", name[1] or "")):
        said = told[name]
        if name in now:
            said = [*said, (newest, now[name])]
        found += _periods(name, said, snapshots)
    return found


def _periods(name: Name, said: list[tuple[str, Name]], snapshots: list[str]) -> list[Match]:
    """A name's meanings one after the other, of what was said of it in time order."""
    begins: list[tuple[str | None, Name]] = [(None, said[0][1])]
    for (former_time, former), (time, meaning) in pairwise(said):
        if meaning == former:
            continue
        before = bisect_right(snapshots, time)
        snapshot = snapshots[before - 1] if before else ""
        begins.append((snapshot if snapshot > former_time else time, meaning))
    ends = [time for time, _ in begins[1:]] + [None]
    return [
        Match(name, meaning, known_from, known_to)
        for (known_from, meaning), known_to in zip(begins, ends, strict=True)
    ]
