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


def _file(settings: Settings) -> Path:
    return settings.work / "build.json"
