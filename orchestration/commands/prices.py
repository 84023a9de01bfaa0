"""`twinledger prices`: the price book's snapshots."""

from __future__ import annotations

import typer

from orchestration.commands.console import (
    DEFAULT_SETTINGS,
    SettingsOption,
    console,
    count,
    open_workspace,
)

app = typer.Typer(help="Prices of hosted models.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _prices() -> None:
    """Prices of hosted models, as dated snapshots."""


@app.command()
def sync(settings: SettingsOption = DEFAULT_SETTINGS) -> None:
    """Take a snapshot of the installed genai-prices data; one that stands is not taken again."""
    from orchestration.landing.lake import Lake
    from orchestration.pricing import ensure_price_snapshot
    from orchestration.pricing.snapshot import SCOPE

    workspace = open_workspace(settings)
    load_id = ensure_price_snapshot(workspace)
    newest = Lake(workspace).of_source(SCOPE)[-1]
    rows = count(sum(period.row_count for period in newest.periods))
    day = newest.files[0].name
    if load_id is None:
        console().print(f"The prices of {day} stand already ({rows} rows): nothing to do.")
    else:
        console().print(f"Landed the prices of {day}: {rows} rows. The next run uses them.")
