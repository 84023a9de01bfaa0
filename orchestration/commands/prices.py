"""`twinledger prices`: the price book's snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands.console import (
    DEFAULT_SETTINGS,
    SettingsOption,
    console,
    count,
    open_workspace,
    plain_table,
    printable,
    show_table,
    unit_price,
)
from orchestration.errors import RefusedError

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console

    from orchestration.pricing.changes import PriceChange
    from orchestration.pricing.standing import Snapshot
    from orchestration.settings import Settings

Pair = tuple[str, str]
"""(provider, model)."""

SHOWN = 40
"""Changes that are listed; their number is always told."""
_BUNDLED = "genai_prices"

app = typer.Typer(help="Prices of hosted models.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _prices() -> None:
    """Prices of hosted models, as dated snapshots."""


@app.command()
def sync(
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A LiteLLM-format price map (JSON) as second opinion."),
    ] = None,
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """Take snapshots of the price lists: the installed genai-prices data and the `prices` sources.

    Says what each new snapshot changes against the one before, where two lists disagree, and with
    --against where a file does that is not landed: it is only compared, and prices nothing.
    """
    from orchestration.landing.lake import Lake
    from orchestration.pricing.standing import known_now, standing_snapshots

    workspace = open_workspace(settings)
    before = {item.load_id for item in Lake(workspace).manifests}
    refusal = _land(workspace)
    lists = standing_snapshots(workspace)
    out = console()
    for name in sorted(lists, key=_place):
        _tell_list(out, lists[name], before)
    current = {name: known_now(lists[name]) for name in sorted(lists, key=_place)}
    for one, other in combinations(current, 2):
        _tell_pair(out, one, current[one], other, current[other])
    if against is not None:
        _tell_disagreements(out, current[_BUNDLED], against)
    if refusal is not None:
        raise refusal


def _place(name: str) -> tuple[bool, str]:
    """The bundled list first: it comes first where usage is priced, too."""
    return name != _BUNDLED, name


def _land(settings: Settings) -> RefusedError | None:
    """Land what is new; a list that is refused keeps no other one from being told of."""
    from orchestration.landing.land import land
    from orchestration.pricing import ensure_price_snapshot

    ensure_price_snapshot(settings)
    sources = [source.name for source in settings.sources if source.type == "prices"]
    try:
        land(settings, sources)
    except RefusedError as refusal:
        return refusal
    return None


def _tell_list(out: Console, snapshots: list[Snapshot], before: set[str]) -> None:
    if all(snapshot.load_id in before for snapshot in snapshots):
        last = snapshots[-1]
        rows = count(last.rows.num_rows)
        out.print(f"{_called(last)} stand already ({rows} rows): nothing to do.")
    for place, snapshot in enumerate(snapshots):
        if snapshot.load_id in before:
            continue
        rows = count(snapshot.rows.num_rows)
        out.print(f"Landed {_called(snapshot)}: {rows} rows. The next run uses them.")
        if place:
            _tell_changes(out, snapshots[place - 1], snapshot)


def _called(snapshot: Snapshot) -> str:
    name = "" if snapshot.snapshot_source == _BUNDLED else f"{snapshot.snapshot_source}, "
    return f"{name}the prices of {snapshot.snapshot_date}"


def _tell_changes(out: Console, former: Snapshot, snapshot: Snapshot) -> None:
    from orchestration.pricing.changes import price_diff

    diff = price_diff(former.rows, snapshot.rows)
    added = sum(change.before is None for change in diff.changed)
    gone = sum(change.after is None for change in diff.changed)
    out.print(
        f"Against the snapshot of {former.snapshot_date}: {count(len(diff.new))} new models, "
        f"{count(len(diff.vanished))} vanished (they keep their last prices). Of models in both, "
        f"{count(len(diff.changed) - added - gone)} prices changed, {count(added)} are new, "
        f"{count(gone)} are gone."
    )
    _list(out, diff.changed, "before", "now")


def _tell_pair(out: Console, one: str, ours: pa.Table, other: str, theirs: pa.Table) -> None:
    from orchestration.pricing.changes import disagreements

    same = _same_models(ours, theirs)
    found = disagreements(ours, theirs, same)
    out.print(
        f"{one} and {other} both list {count(len(same))} models; {count(len(found))} prices differ."
    )
    _list(out, found, one, other, named=True)


def _same_models(ours: pa.Table, theirs: pa.Table) -> dict[Pair, Pair]:
    """What the second list calls a model → what the first calls it: by its own name, or by the
    name that the matching rules know."""
    own, others = _models(ours), _models(theirs)
    matched = _matched(others)
    same = {pair: pair for pair in others & own}
    same |= {pair: matched[pair] for pair in others - own if matched.get(pair) in own}
    # And where the first list writes names in its own way.
    for pair, name in sorted(_matched(own - set(same.values())).items()):
        if name in others:
            same.setdefault(name, pair)
    return same


def _matched(pairs: set[Pair]) -> dict[Pair, Pair]:
    from orchestration.pricing import match_models

    return {
        (row["provider"], row["model"]): (row["price_provider"], row["price_model"])
        for row in match_models(pairs).to_pylist()
        if row["price_model"] is not None
    }


def _tell_disagreements(out: Console, prices: pa.Table, file: Path) -> None:
    from datetime import UTC, datetime

    from orchestration.pricing.changes import disagreements
    from orchestration.pricing.litellm_map import read_price_map

    try:
        today = datetime.now(UTC).date()
        other = read_price_map(file.read_bytes(), file.stem, today, only_stated=True)
    except (OSError, ValueError) as error:
        raise RefusedError(
            f"no price map can be read: {error}",
            file=str(file),
            next_step="name a JSON object of models as LiteLLM publishes it",
        ) from None
    same = _matched(_models(other.table))
    found = disagreements(prices, other.table, same)
    unpriced = {model for model, _, reason in other.left_out if "unknown, not free" in reason}
    out.print(
        f"{file.name} lists {count(len(other.models))} models, {count(len(same))} of them are in "
        f"the price book; {count(len(found))} prices differ. "
        f"{count(len(unpriced))} of its models have only zeros, which say nothing."
    )
    _list(out, found, "price book", file.name, named=True)


def _models(table: pa.Table) -> set[Pair]:
    providers, models = table["provider"].to_pylist(), table["model"].to_pylist()
    return set(zip(providers, models, strict=True))


def _list(
    out: Console, changes: Sequence[PriceChange], one: str, other: str, *, named: bool = False
) -> None:
    """A table of prices for a million units, in the lists' currency: US dollars if none is told."""
    if not changes:
        return
    one, other = f"{one} (/M)", f"{other} (/M)"
    columns = ["provider", "model", "class", "tier", "above tokens", one, other]
    bound = any(change.condition for change in changes[:SHOWN])
    columns += (["as"] if named else []) + (["where"] if bound else [])
    table = plain_table(*columns, right=("above tokens", one, other))
    for change in changes[:SHOWN]:
        table.add_row(
            printable(change.provider),
            printable(change.model),
            change.token_class,
            printable(change.service_tier),
            count(max(change.context_from_tokens - 1, 0)),
            unit_price(None if change.before is None else change.before * 1_000_000),
            unit_price(None if change.after is None else change.after * 1_000_000),
            *([printable(change.known_as)] if named else []),
            *([printable(change.condition)] if bound else []),
        )
    show_table(out, table)
    if len(changes) > SHOWN:
        out.print(f"… and {count(len(changes) - SHOWN)} more.")
