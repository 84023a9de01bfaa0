"""`twinledger prices`: the price book's snapshots."""

from __future__ import annotations

from collections.abc import Sequence
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
    from orchestration.settings import Settings

SHOWN = 40
"""Changes that are listed; their number is always told."""

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
    """Take a snapshot of the installed genai-prices data; one that stands is not taken again.

    Says what it changes against the one before, and with --against where a second price list
    disagrees. The second list is only compared: it prices nothing.
    """
    from orchestration.pricing import ensure_price_snapshot
    from orchestration.pricing.snapshot import standing_prices

    workspace = open_workspace(settings)
    load_id = ensure_price_snapshot(workspace)
    *former, (day, prices) = standing_prices(workspace)
    out = console()
    rows = count(prices.num_rows)
    if load_id is None:
        out.print(f"The prices of {day} stand already ({rows} rows): nothing to do.")
    else:
        out.print(f"Landed the prices of {day}: {rows} rows. The next run uses them.")
        if former:
            _tell_changes(out, *former[-1], prices)
    if against is not None:
        _tell_disagreements(out, workspace, prices, against)


def _tell_changes(out: Console, former_day: str, former: pa.Table, prices: pa.Table) -> None:
    from orchestration.pricing.changes import price_diff

    diff = price_diff(former, prices)
    out.print(
        f"Against the snapshot of {former_day}: {count(len(diff.new))} new models, "
        f"{count(len(diff.vanished))} vanished (they keep their last prices), "
        f"{count(len(diff.changed))} changed prices."
    )
    _list(out, diff.changed, "before", "now")


def _tell_disagreements(out: Console, settings: Settings, prices: pa.Table, file: Path) -> None:
    from datetime import UTC, datetime

    from orchestration.pricing import match_models
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
    pairs = {(row["provider"], row["model"]) for row in _models(other.table)}
    same = {
        (row["provider"], row["model"]): (row["price_provider"], row["price_model"])
        for row in match_models(pairs).to_pylist()
        if row["price_model"] is not None
    }
    found = disagreements(prices, other.table, same)
    unpriced = {model for model, _, reason in other.left_out if "unknown, not free" in reason}
    out.print(
        f"{file.name} lists {count(len(other.models))} models, {count(len(same))} of them are in "
        f"the price book; {count(len(found))} prices differ. "
        f"{count(len(unpriced))} of its models have only zeros, which say nothing."
    )
    _list(out, found, "price book", file.name, named=True)


def _models(table: pa.Table) -> list[dict[str, str]]:
    pairs: list[dict[str, str]] = (
        table.select(["provider", "model"]).group_by(["provider", "model"]).aggregate([])
    ).to_pylist()
    return pairs


def _list(
    out: Console, changes: Sequence[PriceChange], one: str, other: str, *, named: bool = False
) -> None:
    """A table of prices, US dollars for a million units."""
    if not changes:
        return
    one, other = f"{one} ($/M)", f"{other} ($/M)"
    columns = ["provider", "model", "class", "tier", "above tokens", one, other]
    table = plain_table(*columns, *(["as"] if named else []), right=("above tokens", one, other))
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
        )
    show_table(out, table)
    if len(changes) > SHOWN:
        out.print(f"… and {count(len(changes) - SHOWN)} more.")
