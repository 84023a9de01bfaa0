"""Two phases as two steps: only both of them, on the same inputs, make a build to publish."""

from __future__ import annotations

import pytest

from orchestration.build import BuildResult
from orchestration.build.state import read_state
from orchestration.defs import phase_state
from orchestration.errors import AuditError

RESULT = BuildResult(nodes=3, seconds=1.5)


@pytest.fixture
def settings(workspace, monkeypatch):
    monkeypatch.setattr(phase_state, "inputs_hash", lambda settings: "first")
    return workspace("")


def first_phase(settings) -> None:
    assert phase_state.begin(settings, "run", starts=True)
    phase_state.finish(settings, RESULT, is_whole=True, ends=False)


def test_both_phases_make_a_finished_build(settings):
    first_phase(settings)
    assert read_state(settings) is None
    phase_state.note_forecasts(settings, 4, {"total": "insufficient history"})
    assert phase_state.begin(settings, "run", starts=False)
    phase_state.finish(settings, RESULT, is_whole=True, ends=True)
    state = read_state(settings)
    assert state is not None
    assert (state.nodes, state.seconds, state.inputs_hash) == (6, 3.0, "first")
    assert state.forecasts_issued == 4
    assert state.skipped_forecasts == {"total": "insufficient history"}


def test_the_second_phase_alone_is_no_finished_build(settings):
    assert not phase_state.begin(settings, "run", starts=False)
    phase_state.finish(settings, RESULT, is_whole=False, ends=True)
    assert read_state(settings) is None


def test_a_first_phase_that_failed_leaves_nothing_to_finish(settings):
    assert phase_state.begin(settings, "run", starts=True)
    assert not phase_state.begin(settings, "run", starts=False)


def test_a_few_models_alone_are_no_finished_build(settings):
    phase_state.begin(settings, "run", starts=True)
    phase_state.finish(settings, RESULT, is_whole=False, ends=False)
    assert not phase_state.begin(settings, "run", starts=False)


def test_deliveries_between_the_phases_are_told(settings, monkeypatch):
    first_phase(settings)
    monkeypatch.setattr(phase_state, "inputs_hash", lambda settings: "second")
    with pytest.raises(AuditError, match="changed since the marts were built"):
        phase_state.begin(settings, "run", starts=False)


def test_a_build_that_begins_is_not_published_meanwhile(settings):
    first_phase(settings)
    phase_state.begin(settings, "run", starts=False)
    phase_state.finish(settings, RESULT, is_whole=True, ends=True)
    phase_state.begin(settings, "next", starts=True)
    assert read_state(settings) is None
