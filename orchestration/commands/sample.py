"""`twinledger sample`: write the sample company."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.commands.console import console, progress
from orchestration.errors import SettingsError


def sample(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder to write; made if it is not there.")
    ],
    days: Annotated[
        int, typer.Option(min=1, max=3660, help="Days of history before the newest delivery.")
    ] = 120,
    scale: Annotated[
        float, typer.Option(min=0.001, max=100_000, help="Multiplies the number of requests.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed writes the same files.")] = 1,
) -> None:
    """Write a company's bills and logs in their sources' formats, with a settings file and the truth."""
    from orchestration.sample import write_sample

    if out.exists() and not out.is_dir():
        raise SettingsError(f"--out {out} is a file", "name a folder")
    with progress() as tell:
        write_sample(out, days=days, scale=scale, seed=seed, progress=tell)
    console().print(
        f"The sample company is in {out}. Next:\n"
        f"  twinledger run --settings {out / 'twinledger.toml'}"
    )
