"""Months are closed once, opened again, and never before they are over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration import cli
from orchestration.closing import close_month, closes_of
from orchestration.errors import RefusedError, SettingsError
from orchestration.landing.register import register_landing
from orchestration.locks import LockedError, writer_lock
from orchestration.settings import Settings, load_settings


@pytest.fixture
def workspace(tmp_path: Path) -> Settings:
    (tmp_path / "twinledger.toml").write_text("", encoding="utf-8")
    return load_settings(tmp_path / "twinledger.toml")


def landed(settings: Settings) -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        register_landing(con, settings)
        return con.execute(
            "select period, is_closed, note from landing.closes order by closed_at"
        ).fetchall()


def test_the_last_act_of_a_month_stands_and_all_are_kept(workspace: Settings) -> None:
    assert close_month(workspace, "2026-01", note="books are done") is None
    assert close_month(workspace, "2026-01", is_closed=False) is None
    assert close_month(workspace, "2026-01") is None
    assert close_month(workspace, "2025-12") is None

    stood = close_month(workspace, "2026-01", note="again")

    assert stood is not None
    assert stood.is_closed
    assert {period: act.is_closed for period, act in closes_of(workspace).items()} == {
        "2026-01": True,
        "2025-12": True,
    }
    assert landed(workspace) == [
        ("2026-01", True, "books are done"),
        ("2026-01", False, None),
        ("2026-01", True, None),
        ("2025-12", True, None),
    ]


@pytest.mark.parametrize("days", [0, 31])
def test_a_month_that_is_not_over_is_not_closed(workspace: Settings, days: int) -> None:
    month = f"{datetime.now(UTC) + timedelta(days=days):%Y-%m}"
    with pytest.raises(RefusedError, match="is not over"):
        close_month(workspace, month)
    assert landed(workspace) == []


def test_only_what_was_closed_is_opened_again(workspace: Settings) -> None:
    with pytest.raises(RefusedError, match="never closed"):
        close_month(workspace, "2026-01", is_closed=False)


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "last", "2026-01-01"])
def test_what_is_no_month_is_a_usage_error(workspace: Settings, text: str) -> None:
    with pytest.raises(SettingsError, match="is no month"):
        close_month(workspace, text)


def test_one_writer_at_a_time_closes(workspace: Settings) -> None:
    with writer_lock(workspace, "run"), pytest.raises(LockedError):
        close_month(workspace, "2026-01")


def test_the_command_says_what_it_did(
    workspace: Settings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def call(*arguments: str) -> tuple[int, str]:
        settings = str(tmp_path / "twinledger.toml")
        monkeypatch.setattr("sys.argv", ["twinledger", "close", *arguments, "--settings", settings])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out + captured.err

    assert "2026-01 is closed. The next run" in call("2026-01")[1]
    code, told = call("2026-01")
    assert code == 0
    assert "2026-01 is closed since" in told
    assert "nothing to do" in told
    assert "2026-01 is open again. The next run" in call("2026-01", "--reopen")[1]
    code, told = call("9999-01")
    assert code == 1
    assert "9999-01 is not over" in told
    assert "next:" in told
    assert call("january")[0] == 2
