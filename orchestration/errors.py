"""The errors that users meet. Each says what is wrong and what to do next; none is a traceback."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class TwinledgerError(Exception):
    """Base of all expected errors; `exit_code` is what the command line returns."""

    exit_code = 1

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message}\n  next: {self.next_step}" if self.next_step else self.message


class SettingsError(TwinledgerError):
    """The settings file or the command's words are wrong (exit code 2)."""

    exit_code = 2


class RefusedError(TwinledgerError):
    """A delivery was refused: what was accepted before still stands.

    Args:
        rule: what was broken, as a sentence.
        file: the file that broke it, as named in the settings or found by the glob.
        row: data record in that file, counted from 1 without the header.
        next_step: what the user can do.
        checks: the gate's results, where it was the gate that refused.
    """

    def __init__(
        self,
        rule: str,
        *,
        file: str = "",
        row: int | None = None,
        next_step: str = "",
        checks: Sequence[dict[str, Any]] = (),
    ) -> None:
        where = f"{file}, row {row}: " if row is not None else f"{file}: " if file else ""
        super().__init__(f"refused: {where}{rule}", next_step)
        self.rule = rule
        self.file = file
        self.row = row
        self.checks = tuple(checks)


class AuditError(TwinledgerError):
    """The build or its audit failed: nothing was published."""
