"""Names of models mean what the rules of their time said: a new version of them moves no past."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from orchestration.landing.lake import Lake, Manifest, land_table
from orchestration.landing.land import land
from orchestration.landing.register import register_landing
from orchestration.pricing import matches, price_table
from orchestration.pricing.match import SCHEMA
from orchestration.pricing.matches import Name, known_matches
from orchestration.pricing.snapshot import SCOPE
from orchestration.settings import Settings
from tests.unit.landing.former_version import silence
from tests.unit.landing.usage_logs import Workspace, deliver

NAME = ("anthropic", "claude-3-haiku-20240307")
# What genai-prices' rules of 2025-06-23, 2025-09-29 and (made up) of later make of it.
OLD, NEW = ("anthropic", "claude-3-haiku-latest"), ("anthropic", "claude-3-haiku")
NONE: Name = (None, None)


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Callable[[Name], None]:
    """From now on, every name means this."""

    def mean(meaning: Name) -> None:
        def match(names: Any) -> pa.Table:
            rows = [(*name, *meaning) for name in names]
            columns = list(zip(*rows, strict=True)) or [()] * 4
            return pa.table(columns, schema=SCHEMA)

        monkeypatch.setattr(matches, "match_models", match)

    return mean


def load(day: int, meaning: Name | None = None, source: str = "log") -> Manifest:
    """A load of usage, with what its model meant; None as the first versions' manifests."""
    return Manifest(
        load_id=f"{source}-{day}",
        source_name=source,
        source_type="token_events",
        dataset="token_events",
        delivery="append",
        sequence=day,
        loaded_at=at(day),
        config="",
        files=(),
        periods=(),
        models=() if source == SCOPE else (NAME,),
        matches=() if meaning is None else (meaning,),
    )


def snapshot(day: int) -> Manifest:
    return load(day, source=SCOPE)


def at(day: int) -> str:
    return f"2026-01-{day:02}T12:00:00.000000Z"


def periods(loads: list[Manifest], **more: bool) -> list[tuple[Name, str | None, str | None]]:
    found = known_matches(loads, **more)
    assert {match.name for match in found} == {NAME}
    return [(match.meaning, match.known_from, match.known_to) for match in found]


def test_what_is_known_first_counts_from_ever_on(rules: Callable[[Name], None]) -> None:
    rules(NEW)
    assert periods([load(1)]) == [(NEW, None, None)]
    assert periods([load(1, OLD), load(2, OLD)]) == [(OLD, None, None)]


@pytest.mark.parametrize("meaning", [NEW, NONE])
def test_a_change_counts_from_its_snapshot_on(rules: Callable[[Name], None], meaning: Name) -> None:
    rules(meaning)
    before = [snapshot(1), load(2, OLD)]
    # Newer prices alone say so already, and a later load says it of the same time.
    for loads in (
        [*before, snapshot(5)],
        [*before, snapshot(5), load(9, meaning)],
        [snapshot(5), load(9, meaning), *before, load(4)],
    ):
        assert periods(loads) == [(OLD, None, at(5)), (meaning, at(5), None)]


def test_without_a_snapshot_a_change_counts_from_its_load_on(
    rules: Callable[[Name], None],
) -> None:
    rules(NEW)
    assert periods([snapshot(1), load(2, OLD)]) == [(OLD, None, None)]
    assert periods([snapshot(1), load(2, OLD), load(9, NEW)]) == [
        (OLD, None, at(9)), (NEW, at(9), None),
    ]  # fmt: skip


def test_a_meaning_may_come_back(rules: Callable[[Name], None]) -> None:
    rules(OLD)
    loads = [load(1, OLD), load(2, NEW), load(3, NEW), snapshot(7)]
    assert periods(loads) == [
        (OLD, None, at(2)), (NEW, at(2), at(7)), (OLD, at(7), None),
    ]  # fmt: skip


def test_of_the_past_the_rules_of_now_say_only_what_no_load_says(
    rules: Callable[[Name], None],
) -> None:
    rules(NEW)
    assert periods([load(1, OLD), snapshot(5)], is_past=True) == [(OLD, None, None)]
    assert periods([load(1), snapshot(5)], is_past=True) == [(NEW, None, None)]


def registered(settings: Settings, as_of: str | None = None) -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        register_landing(con, settings, as_of=as_of)
        return con.execute(
            "select price_model, known_from is null, known_to is null "
            "from landing.model_matches order by known_from nulls first"
        ).fetchall()


@pytest.mark.usefixtures("no_gate")
def test_the_lake_keeps_what_names_meant(
    workspace: Workspace, rules: Callable[[Name], None]
) -> None:
    settings = workspace('[[sources]]\nname = "log"\ntype = "token_events"\nuri = "in/*"\n')
    head = "started_at,provider,model,input_tokens,output_tokens\n"
    row = f"2026-01-01 10:00:00,{','.join(NAME)},1,1\n"
    rules(OLD)
    deliver(settings, {"a.csv": head + row})
    land(settings)
    (kept,) = Lake(settings).of_source("log")
    assert (kept.models, kept.matches) == ((NAME,), (OLD,))
    rules(NEW)
    # The same day again: prices have not changed since, nor has anything that was asked.
    assert registered(settings) == [(OLD[1], True, True)]
    land_table(settings, "prices", SCOPE, price_table().slice(0, 1), "later")
    assert registered(settings) == [(OLD[1], True, False), (NEW[1], False, True)]
    assert registered(settings, as_of=kept.loaded_at) == [(OLD[1], True, True)]
    # A lake of a former version knows no more than the rules of now.
    silence(settings)
    assert registered(settings) == [(NEW[1], True, True)]
