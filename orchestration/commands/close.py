"""`twinledger close`: a month whose figures later bills and price snapshots shall not move."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.commands.console import (
    DEFAULT_SETTINGS,
    SettingsOption,
    console,
    moment,
    open_workspace,
)


def close(
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="The month, as 2026-10.")],
    reopen: Annotated[bool, typer.Option("--reopen", help="Open it again.")] = False,
    note: Annotated[
        str | None, typer.Option("--note", metavar="TEXT", help="Why; kept with the close.")
    ] = None,
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """Close a month: it keeps the bills and prices known now.

    What a later bill changes of it becomes adjustments in the first open month. Usage that arrives
    late still counts, at these prices; rated_cost_as_known_now shows it by the prices of today.
    """
    from orchestration.closing import close_month

    workspace = open_workspace(settings)
    stood = close_month(workspace, period, is_closed=not reopen, note=note)
    done = "open again" if reopen else "closed"
    if stood is not None:
        text = f"{period} is {done} since {moment(stood.closed_at)} (UTC): nothing to do."
    elif reopen:
        text = f"{period} is open again. The next run shows its newest bills and prices."
    else:
        text = f"{period} is closed. The next run keeps the bills and prices known now."
    console().print(text)
