"""`twinledger sample`: write the sample company."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.commands.console import console, count, progress
from orchestration.errors import SettingsError


def sample(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder to write; made if it is not there.")
    ],
    days: Annotated[int, typer.Option(min=8, max=3660, help="Days of history.")] = 120,
    scale: Annotated[
        int, typer.Option(min=1, max=100_000, help="Multiplies the number of requests.")
    ] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The same seed writes the same files.")] = 7,
) -> None:
    """Write the sample company.

    Bills, logs and outcomes in their sources' formats, with a settings file and the truth.
    """
    from orchestration.sample import write_sample

    if out.exists() and not out.is_dir():
        raise SettingsError(f"--out {out} is a file", "name a folder")
    with progress() as tell:
        tell("writing the sample company")
        written = write_sample(out, days=days, scale=scale, seed=seed)
    console().print(
        f"The sample company, {written.first_day} to {written.last_day}: {count(written.files)} "
        f"files, {count(written.bill_lines)} bill lines, {count(written.requests)} requests.\n"
        f"What the marts must show of it: {written.ground_truth}\n"
        f"Next: twinledger run --settings {written.settings}",
        soft_wrap=True,
    )
