"""The command line. Exit codes: 0 done, 1 refused or failed, 2 wrong usage or settings."""

from __future__ import annotations

import sys

import typer

from orchestration import __version__
from orchestration.commands import (
    close,
    doctor,
    explain,
    export,
    migrate,
    pipeline,
    prices,
    query,
    sample,
    status,
)
from orchestration.commands.console import log_file, logger, printable, without_secrets
from orchestration.errors import TwinledgerError

app = typer.Typer(
    name="twinledger",
    help="What AI costs and what it is worth, every figure traceable to its bill line.",
    no_args_is_help=True,
    context_settings={"max_content_width": 110},
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
app.command()(pipeline.run)
app.command()(pipeline.land)
app.command()(pipeline.build)
app.command()(pipeline.forecast)
app.command()(pipeline.publish)
app.command()(close.close)
app.command()(status.status)
app.command()(explain.explain)
app.command()(query.query)
app.command()(sample.sample)
app.command()(doctor.doctor)
app.command()(migrate.migrate)
app.add_typer(prices.app, name="prices")
app.add_typer(export.app, name="export")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"twinledger {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Options that stand before the command."""


def _tell(text: str) -> None:
    safe = "\n".join(printable(line) for line in without_secrets(text).splitlines())
    typer.echo(safe, err=True)


def main() -> None:
    """Run the command line; whatever goes wrong is told in a sentence, never as a traceback."""
    try:
        app()
    except TwinledgerError as error:
        _tell(f"twinledger: {error}")
        sys.exit(error.exit_code)
    except Exception as error:
        path = log_file()
        logger.exception("unexpected error")
        first = (str(error).splitlines() or [""])[0][:300]
        _tell(
            f"twinledger: unexpected {type(error).__name__}: {first}\n"
            f"  next: this is a fault of Twinledger; the whole story is in {path}"
        )
        sys.exit(1)
