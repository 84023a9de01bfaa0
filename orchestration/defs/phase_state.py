"""Whether the build file is a finished build, when its two phases are steps of their own.

The first phase leaves a note of the inputs it saw; only if the second one sees the same inputs is
the build finished, and only a finished build can be published.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from orchestration.build import BuildResult
from orchestration.build.state import BuildState, forget_state, write_state
from orchestration.errors import AuditError
from orchestration.fingerprint import inputs_hash
from orchestration.settings import Settings


def begin(settings: Settings, run_id: str, *, starts: bool) -> bool:
    """Before a phase: the build file is no finished build from here on.

    Returns:
        Whether the phase can be part of a whole build.

    Raises:
        AuditError: deliveries arrived since the first phase.
    """
    forget_state(settings)
    fingerprint = inputs_hash(settings)
    if starts:
        _write(settings, BuildState(run_id, fingerprint, nodes=-1, seconds=0))
        return True
    early = _read(settings)
    if early is None or early.nodes < 0:
        return False
    if early.inputs_hash != fingerprint:
        raise AuditError(
            "deliveries, settings or models changed since the marts were built",
            "materialize all assets again",
        )
    return True


def finish(settings: Settings, result: BuildResult, *, is_whole: bool, ends: bool) -> None:
    """After a phase that succeeded: note it; after the last one the build is finished."""
    early = _read(settings)
    if early is None or not is_whole:
        return
    state = replace(
        early,
        nodes=max(early.nodes, 0) + result.nodes,
        seconds=round(early.seconds + result.seconds, 1),
        warnings=(*early.warnings, *(str(problem) for problem in result.warnings)),
    )
    if ends:
        write_state(settings, state)
        _file(settings).unlink(missing_ok=True)
    else:
        _write(settings, state)


def note_forecasts(settings: Settings, issued: int, skipped: dict[str, str]) -> None:
    """Between the phases: what was forecast, for the summary."""
    if (early := _read(settings)) is not None:
        _write(settings, replace(early, forecasts_issued=issued, skipped_forecasts=skipped))


def _file(settings: Settings) -> Path:
    return settings.work / "first_phase.json"


def _write(settings: Settings, state: BuildState) -> None:
    _file(settings).parent.mkdir(parents=True, exist_ok=True)
    _file(settings).write_text(json.dumps(asdict(state)), encoding="utf-8")


def _read(settings: Settings) -> BuildState | None:
    try:
        raw = json.loads(_file(settings).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return BuildState(**{**raw, "warnings": tuple(raw["warnings"])})
