"""The command line as a whole: exit codes, messages without tracebacks, a log without secrets."""

from __future__ import annotations

import sys
import time
from datetime import date, datetime
from pathlib import Path

import pytest

from orchestration import cli
from orchestration.commands import console
from orchestration.commands.pipeline import moment_of
from orchestration.errors import RefusedError, SettingsError

SETTINGS = """
[[sources]]
name = "bill"
type = "cost_lines"
uri = "bill.csv"
mapping = {charge_date = "day", cost = "cost", currency = "currency"}
"""


def call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: object
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `twinledger <arguments>`."""
    monkeypatch.setattr(sys, "argv", ["twinledger", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out, captured.err


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    file = tmp_path / "twinledger.toml"
    file.write_text(SETTINGS)
    return file


def test_help_names_every_command(capsys, monkeypatch):
    code, out, _ = call(capsys, monkeypatch, "--help")
    assert code == 0
    for name in (
        "run", "land", "build", "forecast", "publish", "status", "explain", "query", "sample",
        "doctor", "migrate", "prices", "close",
    ):  # fmt: skip
        assert f"\n  {name} " in out
    assert "...\n" not in out.split("Commands:")[1], (
        "each command's first sentence must fit the list"
    )


def test_help_and_status_import_no_heavy_library(settings_file):
    import subprocess

    script = (
        "import sys; sys.argv = ['twinledger', 'status', '--settings', sys.argv[1]]\n"
        "from orchestration.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'dbt', 'pandas', 'dagster', 'great_expectations', 'statsforecast'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script, str(settings_file)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.strip() == "[]"
    assert time.monotonic() - started < 10


def test_a_missing_settings_file_is_a_usage_error(capsys, monkeypatch, tmp_path):
    code, _, err = call(capsys, monkeypatch, "status", "--settings", tmp_path / "none.toml")
    assert code == 2
    assert "none.toml not found" in err
    assert "next:" in err


def test_an_unknown_key_names_the_nearest_one(capsys, monkeypatch, settings_file):
    settings_file.write_text(SETTINGS.replace("mapping", "maping"))
    code, _, err = call(capsys, monkeypatch, "doctor", "--settings", settings_file)
    assert code == 2
    assert "maping" in err
    assert "did you mean 'mapping'?" in err


def test_an_unknown_command_is_a_usage_error(capsys, monkeypatch):
    code, _, err = call(capsys, monkeypatch, "lnad")
    assert code == 2
    assert "lnad" in err


def test_refused_data_names_file_row_rule_and_next_step(capsys, monkeypatch, settings_file):
    def refuse(*_: object, **__: object) -> None:
        raise RefusedError("'x' is no amount", file="bill.csv", row=7, next_step="correct it")

    monkeypatch.setattr("orchestration.landing.land.land", refuse)
    code, _, err = call(capsys, monkeypatch, "land", "--settings", settings_file)
    assert code == 1
    assert "bill.csv, row 7: 'x' is no amount" in err
    assert "next: correct it" in err
    assert "Traceback" not in err


def test_an_unexpected_error_is_one_line_and_its_traceback_is_in_the_log(
    capsys, monkeypatch, settings_file
):
    def break_down(*_: object, **__: object) -> None:
        raise ZeroDivisionError("postgresql://user:hunter2@host/db failed\nsecond line")

    monkeypatch.setattr("orchestration.landing.land.land", break_down)
    code, out, err = call(capsys, monkeypatch, "land", "--settings", settings_file)
    log = settings_file.parent / ".twinledger" / "logs" / "twinledger.log"
    assert code == 1
    assert "Traceback" not in out + err
    assert "second line" not in err
    assert str(log) in err
    assert "Traceback" in log.read_text()
    assert "hunter2" not in err + log.read_text()


def test_a_database_password_is_not_printed_by_doctor(capsys, monkeypatch, settings_file):
    settings_file.write_text(
        '[[sources]]\nname = "logs"\ntype = "litellm"\nuri = "postgresql://me:hunter2@db/litellm"\n'
    )
    code, out, err = call(capsys, monkeypatch, "doctor", "--settings", settings_file)
    assert code == 0
    assert "address holds a password" in out
    assert "hunter2" not in out + err


def test_a_day_in_the_future_cannot_be_shown(capsys, monkeypatch, settings_file):
    code, _, err = call(
        capsys, monkeypatch, "run", "--as-of", "2999-01-01", "--settings", settings_file
    )
    assert code == 2
    assert "in the future" in err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-31", date(2026, 10, 31)),
        ("2026-10-31T14:05:00Z", datetime(2026, 10, 31, 14, 5)),
        ("2026-10-31T16:05:00.000001+02:00", datetime(2026, 10, 31, 14, 5, 0, 1)),
        ("2026-10-31 14:05", datetime(2026, 10, 31, 14, 5)),
    ],
)
def test_a_past_state_is_that_of_a_day_or_of_a_moment(text, expected):
    found = moment_of(text)
    assert (type(found), found) == (type(expected), expected)


def test_a_moment_that_is_none_says_how_to_write_one():
    with pytest.raises(SettingsError, match="'October' is no date and no moment"):
        moment_of("October")


def test_data_cannot_steer_the_terminal():
    assert console.printable("a\x1b[31mb\u202ec\n") == "a\\u001b[31mb\\u202ec\\u000a"
