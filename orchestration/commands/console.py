"""How figures, texts and progress look in a terminal, and where the log is."""

from __future__ import annotations

import logging
import re
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from orchestration.settings import Settings

UNKNOWN = "unknown"
WIDTH_OF_A_PIPE = 140
NARROWEST_WRAP = 24

SettingsOption = Annotated[
    Path, typer.Option("--settings", metavar="FILE", help="The settings file of the workspace.")
]
DEFAULT_SETTINGS = Path("twinledger.toml")

logger = logging.getLogger("twinledger")
_log_file: Path | None = None


def open_workspace(path: Path) -> Settings:
    """Load the settings and send the log to the workspace's own folder."""
    from orchestration.settings import load_settings

    settings = load_settings(path)
    _log_to(settings.work / "logs" / "twinledger.log")
    return settings


def log_file() -> Path:
    """Where the log goes; before a workspace is open, into the system's temporary folder."""
    if _log_file is None:
        _log_to(Path(tempfile.gettempdir()) / "twinledger.log")
    assert _log_file is not None
    return _log_file


class _WithoutSecrets(logging.Formatter):
    """User names and passwords inside URLs never reach the log."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


def without_secrets(text: str) -> str:
    """The text with the user part of every URL in it replaced."""
    return re.sub(r"(\w+://)[^\s/@]+@", r"\1***@", text)


def _log_to(path: Path) -> None:
    global _log_file
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    path.parent.mkdir(parents=True, exist_ok=True)
    file_handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    file_handler.setFormatter(_WithoutSecrets("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(file_handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    _log_file = path


def console(*, stderr: bool = False) -> Console:
    """A Rich console that reads no markup in data and keeps its width in a pipe."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(
        stderr=stderr,
        markup=False,
        highlight=False,
        emoji=False,
        width=None if stream.isatty() else WIDTH_OF_A_PIPE,
    )


def plain_table(*columns: str, right: tuple[str, ...] = (), wrap: tuple[str, ...] = ()) -> Table:
    """A table of aligned columns without lines; figures (`right`) are aligned to the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in columns:
        table.add_column(
            name,
            justify="right" if name in right else "left",
            no_wrap=name not in wrap,
            overflow="fold",
        )
    return table


def show_table(out: Console, table: Table) -> None:
    """Print a table of `plain_table`; a narrow terminal breaks lines, but never cuts a figure."""
    from rich.cells import cell_len

    needed = 0
    for column in table.columns:
        widest = max(cell_len(str(cell)) for cell in (column.header, *column.cells))
        needed += (widest if column.no_wrap else min(widest, NARROWEST_WRAP)) + 2
    width = out.width
    out.width = max(width, needed)
    out.print(table, crop=False)
    out.width = width


def printable(value: object) -> str:
    """A value of somebody's data as text that cannot steer the terminal."""
    text = UNKNOWN if value is None else str(value)
    return "".join(
        char if unicodedata.category(char)[0] != "C" else f"\\u{ord(char):04x}" for char in text
    )


def money(value: Decimal | float | int | None, places: int = 2) -> str:
    """An amount with thousands separators; unknown stays unknown, dust is not shown as nothing."""
    if value is None:
        return UNKNOWN
    amount = Decimal(str(value))
    smallest = Decimal(1).scaleb(-places)
    if amount and abs(amount) < smallest:
        return f"{'-' if amount < 0 else ''}<{smallest}"
    return f"{amount.quantize(smallest, rounding=ROUND_HALF_EVEN):,}"


def exact(value: Decimal | int | None) -> str:
    """All decimals of an amount, without trailing zeros."""
    if value is None:
        return UNKNOWN
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def unit_price(value: Decimal | float | None) -> str:
    """A cost per unit with six significant digits, since such costs span ten powers of ten."""
    if value is None:
        return UNKNOWN
    amount = Decimal(str(value))
    places = max(2, 5 - amount.adjusted())
    text = exact(amount.quantize(Decimal(1).scaleb(-places)))
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:0<2}"


def count(value: int | Decimal | None) -> str:
    """A whole number with thousands separators."""
    return UNKNOWN if value is None else f"{int(value):,}"


def percent(share: Decimal | float | None) -> str:
    """A share (0 to 1) as percent with one decimal; 99.97 % is not rounded to a full 100."""
    if share is None:
        return UNKNOWN
    shown = round(float(share) * 100, 1)
    if shown == 100.0 and share < 1:
        shown = 99.9
    return f"{shown:,.1f} %"


def moment(value: datetime | date | None) -> str:
    """A UTC time to the minute, or a date."""
    if value is None:
        return "never"
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else f"{value:%Y-%m-%d}"


def ago(value: datetime | None, now: datetime) -> str:
    """How long before `now`: `3 h`, `12 d`."""
    if value is None:
        return "never"
    seconds = max(0, int((now - value).total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size or (unit != "d" and seconds >= size):
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """One living line on stderr in a terminal; in a pipe, a line per step and few of the counts."""
    terminal = console(stderr=True)
    if terminal.is_terminal:
        with terminal.status("starting", spinner="line") as status:

            def show(text: str) -> None:
                logger.info(text)
                status.update(printable(text))

            yield show
        return
    last = 0.0

    def tell(text: str) -> None:
        nonlocal last
        logger.info(text)
        # "12 of 90 name" comes many times a second; the log has them all.
        if re.search(r"\b\d+ of \d+\b", text) and time.monotonic() - last < 10:
            return
        last = time.monotonic()
        print(printable(text), file=sys.stderr, flush=True)  # noqa: T201

    yield tell
