"""The commands that move data: run, land, build, forecast, publish."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands.console import (
    DEFAULT_SETTINGS,
    SettingsOption,
    console,
    count,
    logger,
    open_workspace,
    plain_table,
    printable,
    progress,
    show_table,
)
from orchestration.errors import SettingsError

if TYPE_CHECKING:
    from orchestration.landing.land import LandResult

FullRefresh = Annotated[
    bool, typer.Option("--full-refresh", help="Compute all days anew, not only what changed.")
]
AsOf = Annotated[
    str | None,
    typer.Option(
        metavar="DATE|MOMENT",
        help="Show what was known at the end of that day, or at that moment (UTC).",
    ),
]


def moment_of(text: str | None) -> date | None:
    """A date of the command line, or a moment: then a datetime in UTC, without offset.

    Raises:
        SettingsError: it is neither, or in the future.
    """
    if text is None:
        return None
    now = datetime.now(UTC)
    try:
        day = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(
            f"'{text}' is no date and no moment", "write it as 2026-10-31 or 2026-10-31T14:05:00Z"
        ) from None
    if isinstance(day, datetime):
        # Without an offset it is UTC, as all times here.
        day = day.astimezone(UTC) if day.tzinfo else day.replace(tzinfo=UTC)
        is_future, day = day > now, day.replace(tzinfo=None)
    else:
        is_future = day > now.date()
    if is_future:
        raise SettingsError(f"{text} is in the future", "name today or a day before")
    return day


def land(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE", help="Which; all by default.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Land again what was delivered already.")
    ] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Accept that there are no rows any more.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be replaced, and change nothing.")
    ] = False,
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """Land deliveries, without building."""
    from orchestration.landing.land import land as land_sources

    workspace = open_workspace(settings)
    with progress() as tell:
        results = land_sources(
            workspace,
            sources or None,
            force=force,
            allow_empty=allow_empty,
            dry_run=dry_run,
            progress=tell,
        )
    _show_landed(results, dry_run)


def _show_landed(results: list[LandResult], dry_run: bool) -> None:
    out = console()
    table = plain_table(
        "source", "files" if dry_run else "loads", "rows", "quarantined", "repeated", "replaced",
        right=("files", "loads", "rows", "quarantined", "repeated"), wrap=("replaced",),
    )  # fmt: skip
    for result in results:
        table.add_row(
            result.source_name,
            count(len(result.loads)),
            count(result.rows),
            count(result.quarantined_rows),
            count(result.duplicates),
            printable(", ".join(result.replaced)),
        )
    if not any(result.is_new for result in results):
        out.print("Nothing new: what was delivered stands already.")
    show_table(out, table)
    if dry_run:
        for result in results:
            for name in result.loads:
                out.print(f"would land {printable(name)} ({result.source_name})")
        out.print("This was a dry run: nothing was changed.")


def run(
    full_refresh: FullRefresh = False,
    as_of: AsOf = None,
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """Land, check, build, audit and publish.

    All configured sources; nothing is published when nothing is new or anything is wrong.
    """
    workspace = open_workspace(settings)
    known_at = moment_of(as_of)
    from orchestration.pipeline import run as run_all

    with progress() as tell:
        summary = run_all(workspace, full_refresh=full_refresh, as_of=known_at, progress=tell)
    from orchestration.commands.summary_view import show_summary

    show_summary(summary, workspace)


def build(full_refresh: FullRefresh = False, settings: SettingsOption = DEFAULT_SETTINGS) -> None:
    """Build and test the marts, without publishing."""
    from orchestration.pipeline import build_step

    workspace = open_workspace(settings)
    with progress() as tell:
        state = build_step(workspace, full_refresh=full_refresh, progress=tell)
    out = console()
    out.print(f"Built and tested {count(state.nodes)} steps in {state.seconds:.0f} s.")
    for warning in state.warnings:
        out.print(warning)
    out.print(f"Next: twinledger publish --settings {settings}")


def forecast(settings: SettingsOption = DEFAULT_SETTINGS) -> None:
    """Issue the forecasts that are due.

    What was issued before is never rewritten.
    """
    from orchestration.pipeline import forecast_step

    workspace = open_workspace(settings)
    with progress() as tell:
        result = forecast_step(workspace, progress=tell)
    out = console()
    if not result.issued:
        out.print("No forecast is due: those of the newest day stand.")
    else:
        out.print(
            f"Issued {count(len(result.issued))} forecasts ({count(result.backcasts)} of past "
            f"months, to be scored): {count(result.rows)} rows. The next build shows them."
        )
    for series, reason in result.skipped.items():
        out.print(f"no forecast of {printable(series)}: {printable(reason)}")


def publish(settings: SettingsOption = DEFAULT_SETTINGS) -> None:
    """Publish the finished build in one step."""
    from orchestration.pipeline import publish_step

    workspace = open_workspace(settings)
    with progress() as tell:
        result = publish_step(workspace, progress=tell)
    logger.info("published %s", result.publish_id)
    console().print(
        f"Published {count(result.tables)} tables, {count(result.rows)} rows as "
        f"{result.publish_id} in {result.place}"
    )
