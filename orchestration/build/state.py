"""Whether the build file holds a finished build, and what that build said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestration.settings import Settings


@dataclass(frozen=True)
class BuildState:
    """What the build file holds; absent while a build is under way or failed.

    Attributes:
        target: the engine that holds the build.
        warnings: what the tests warned of, in words.
        skipped_forecasts: series → why it has no forecast.
    """

    run_id: str
    inputs_hash: str
    nodes: int
    seconds: float
    warnings: tuple[str, ...] = ()
    skipped_forecasts: Mapping[str, str] | None = None
    forecasts_issued: int = 0
    target: str = "duckdb"


def read_state(settings: Settings) -> BuildState | None:
    """What the last build left; None if it never ended well."""
    try:
        raw = json.loads(_file(settings).read_text(encoding="utf-8"))
        return BuildState(**{**raw, "warnings": tuple(raw["warnings"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_state(settings: Settings, state: BuildState) -> None:
    """Say that the build ended well."""
    partial = _file(settings).with_suffix(".partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.write_text(json.dumps(asdict(state), indent=1), encoding="utf-8")
    partial.replace(_file(settings))


def forget_state(settings: Settings) -> None:
    """Say that the build file is no finished build any more."""
    _file(settings).unlink(missing_ok=True)


def read_code(settings: Settings) -> str | None:
    """The code that made what is kept between builds; None where nobody knows."""
    try:
        return _code_file(settings).read_text(encoding="utf-8")
    except OSError:
        return None


def write_code(settings: Settings, code: str) -> None:
    """Say which code made what is kept between builds."""
    _code_file(settings).parent.mkdir(parents=True, exist_ok=True)
    _code_file(settings).write_text(code, encoding="utf-8")


def _code_file(settings: Settings) -> Path:
    return settings.work / "build_code"


def _file(settings: Settings) -> Path:
    return settings.work / "build.json"
