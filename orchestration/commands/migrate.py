"""`twinledger migrate`: from one engine to another, with the whole history of deliveries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands.console import (
    DEFAULT_SETTINGS,
    SettingsOption,
    console,
    count,
    open_workspace,
    progress,
)
from orchestration.errors import AuditError, TwinledgerError

if TYPE_CHECKING:
    from orchestration.settings import Settings


def migrate(
    to: Annotated[
        Path, typer.Option("--to", metavar="FILE", help="Settings of the workspace to fill.")
    ],
    check: Annotated[
        bool,
        typer.Option("--check", help="Carry nothing; compare the cost totals that both publish."),
    ] = False,
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """Carry all deliveries to another workspace.

    To go from DuckDB to BigQuery. Safe to repeat: what was carried is not carried again.
    """
    from orchestration.landing.migrate import migrate as carry
    from orchestration.settings import load_settings

    workspace = open_workspace(settings)
    other = load_settings(to)
    if check:
        _compare(workspace, other)
        return
    with progress() as tell:
        done = carry(workspace, other, tell)
    out = console()
    out.print(
        f"Carried {count(done.loads)} loads, {count(done.rows)} rows, to {other.lake}; "
        f"{count(done.standing)} stood there already."
    )
    out.print(f"Next: twinledger run --settings {to}")
    out.print(f"Then: twinledger migrate --settings {settings} --to {to} --check")


def _compare(workspace: Settings, other: Settings) -> None:
    from orchestration.landing.migrate import differences
    from orchestration.warehouse import warehouse

    found = []
    for one in (workspace, other):
        last = warehouse(one).last_publish()
        if last is None:
            raise TwinledgerError(
                f"{one.file}: nothing is published yet", f"twinledger run --settings {one.file}"
            )
        found.append(json.loads(last.totals))
    problems = differences(*found)
    if problems:
        listed = "\n".join(f"  {line}" for line in problems)
        raise AuditError(
            f"{len(problems)} cost totals differ\n{listed}",
            "publish both workspaces from the same deliveries, then compare again",
        )
    sums = sum(len(columns) for columns in found[0].values())
    console().print(f"{count(sums)} cost totals are equal to the last decimal.")
