"""What is kept between builds is made anew once the code is another one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from orchestration.build import BuildFailedError, runner
from orchestration.build.state import read_code


@pytest.fixture
def session(workspace, monkeypatch):
    """A session that builds nothing and remembers how dbt was called."""
    own: Any = runner.DbtSession(workspace(""))
    own.calls = []
    own.status = "success"

    def invoke(arguments):
        own.calls.append("--full-refresh" in arguments)
        node = SimpleNamespace(config=SimpleNamespace(materialized="incremental"))
        result = SimpleNamespace(status=own.status, node=node)
        done = SimpleNamespace(results=[result])
        return SimpleNamespace(result=done, exception=None, success=own.status == "success")

    monkeypatch.setattr(own, "parse", lambda: None)
    monkeypatch.setattr(own, "register", lambda: None)
    monkeypatch.setattr(own, "_invoke", invoke)
    monkeypatch.setattr(own, "_problems", lambda results: [])
    return own


def test_only_other_code_refreshes(session, monkeypatch):
    monkeypatch.setattr(runner, "code_hash", lambda: "one")
    session.build()
    session.build()
    monkeypatch.setattr(runner, "code_hash", lambda: "two")
    session.build()
    session.build()
    assert session.calls == [True, False, True, False]
    assert read_code(session.settings) == "two"


def test_a_build_that_failed_has_kept_nothing(session, monkeypatch):
    monkeypatch.setattr(runner, "code_hash", lambda: "one")
    session.status = "error"
    with pytest.raises(BuildFailedError):
        session.build()
    assert read_code(session.settings) is None
    session.status = "success"
    session.build()
    assert session.calls == [True, True]
