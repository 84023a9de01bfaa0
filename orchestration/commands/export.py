"""`twinledger export`: the published figures in the formats of others."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from orchestration.commands.console import (
    DEFAULT_SETTINGS,
    SettingsOption,
    console,
    count,
    open_workspace,
)
from orchestration.errors import SettingsError

app = typer.Typer(help="Write published figures in the formats of others.", no_args_is_help=True)


class Format(StrEnum):
    """How the export is written."""

    csv = "csv"
    parquet = "parquet"


class Version(StrEnum):
    """Versions of FOCUS."""

    v1_2 = "1.2"
    v1_3 = "1.3"
    v1_4 = "1.4"


class Dataset(StrEnum):
    """Datasets of FOCUS."""

    cost_and_usage = "CostAndUsage"
    contract_commitment = "ContractCommitment"
    invoice_detail = "InvoiceDetail"
    billing_period = "BillingPeriod"


@app.callback()
def _group() -> None:
    """Write published figures in the formats of others."""


@app.command()
def focus(
    period: Annotated[str, typer.Option(help="The billing period, as 2026-10.")],
    version: Annotated[Version, typer.Option(help="Version of FOCUS.")] = Version.v1_4,
    dataset: Annotated[
        Dataset,
        typer.Option(help="ContractCommitment: from 1.3 on; two more: 1.4."),
    ] = Dataset.cost_and_usage,
    output: Annotated[Format, typer.Option("--format", help="Of the file.")] = Format.csv,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Without it, CSV goes to the screen.")
    ] = None,
    allocated: Annotated[
        bool | None,
        typer.Option(
            "--allocated/--whole-lines",
            help="Split charges to those who caused them. Default: yes, from 1.3 on.",
        ),
    ] = None,
    with_estimates: Annotated[
        bool,
        typer.Option("--with-estimates", help="Add rated and modelled charges: billed 0."),
    ] = False,
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """Write a FOCUS dataset of one billing period, with what is known of AI as x_ columns."""
    from orchestration.closing import closes_of, month_of
    from orchestration.exports.focus import read_focus
    from orchestration.exports.write import write_csv, write_csv_file, write_parquet_file
    from orchestration.warehouse import warehouse

    month = month_of(period)
    if output is Format.parquet and out is None:
        raise SettingsError("Parquet needs a file", "add --out FILE.parquet")
    workspace = open_workspace(settings)
    close = closes_of(workspace).get(period)
    with warehouse(workspace).marts() as marts:
        export = read_focus(
            marts,
            month,
            version.value,
            dataset.value,
            with_estimates=with_estimates,
            allocated=allocated,
            is_closed=close is not None and close.is_closed,
        )
    told = console(stderr=True)
    if out is None:
        write_csv(export, sys.stdout)
    else:
        write = write_parquet_file if output is Format.parquet else write_csv_file
        rows = count(write(export, out))
        told.print(f"{rows} rows of FOCUS {version.value} {dataset.value}: {out}")
    if export.left_out:
        told.print(
            f"Left out: {count(export.left_out)} charges of {period} that no bill has"
            + ("" if with_estimates else " (--with-estimates adds those whose cost is known)")
        )
