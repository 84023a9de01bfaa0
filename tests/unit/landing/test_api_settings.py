"""What a vendor's settings may say, and that its key is written nowhere."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.errors import RefusedError, SettingsError
from orchestration.landing.api import offers
from orchestration.landing.land import land
from orchestration.settings import Settings
from tests.unit.landing.vendor_server import KEY, Fault, VendorServer

SOURCE = '[[sources]]\nname = "gpt"\ntype = "openai"\n{more}\n'
API = 'base_url = "{address}"\napi_key_env = "VENDOR_KEY"\nstart = 2026-03-01'


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[VendorServer]:
    monkeypatch.setenv("VENDOR_KEY", KEY)
    monkeypatch.setattr(offers, "today", lambda: date(2026, 3, 10))
    monkeypatch.setattr("orchestration.landing.api.client.time.sleep", lambda seconds: None)
    with VendorServer("openai") as server:
        server.add(
            "costs",
            "2026-03-02",
            {"amount": {"value": 0.06, "currency": "usd"}, "line_item": "gpt-5, input"},
        )
        yield server


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('uri = "a.json"\nbase_url = "https://x.org"', "'base_url' is for the API, but `uri`"),
        ('uri = "a.json"\nstart = 2026-01-01', "'start' is for the API, but `uri` names saved"),
        ('base_url = "api.openai.com"', "base_url is no address of a web server"),
        ('base_url = "http://[::bad"', "base_url is no address of a web server"),
        ('base_url = "https://me:secret@x.org"', "base_url holds credentials"),
        ('base_url = "http://gateway.example.com"', "would go to gateway.example.com in the clear"),
        ('options = { bucket_width = "1w" }', "bucket_width '1w'"),
        ('options = { reports = "costs, complections" }', "did you mean 'completions'?"),
        ('options = { bucket_with = "1d" }', "did you mean 'bucket_width'?"),
        ('mapping = { model = "m" }', "has no key 'mapping'"),
        ('delivery = "snapshot"', "has no key 'delivery'"),
        ("refetch_days = -1", "refetch_days"),
        ('start = "soon"', "start"),
        (f'api_key_env = "{KEY}"', "api_key_env is no name of an environment variable"),
    ],
)
def test_settings_that_do_not_fit_are_named(
    workspace: Callable[..., Settings], more: str, words: str
) -> None:
    with pytest.raises(SettingsError) as error:
        workspace(SOURCE.format(more=more))
    assert words in str(error.value)
    assert KEY not in str(error.value) and "secret@" not in str(error.value)


def test_only_sources_with_an_api_do_without_a_uri(workspace: Callable[..., Settings]) -> None:
    with pytest.raises(SettingsError, match="source 'bill': key 'uri' is missing"):
        workspace('[[sources]]\nname = "bill"\ntype = "focus"\n')
    with pytest.raises(SettingsError, match="type 'focus' has no key 'start'"):
        workspace('[[sources]]\nname = "bill"\ntype = "focus"\nuri = "x"\nstart = 2026-01-01\n')


def test_a_missing_key_and_a_start_in_the_future_are_refused(
    workspace: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_ADMIN_KEY", raising=False)
    settings = workspace(SOURCE.format(more=""))
    rule = (
        "source 'gpt': the environment variable OPENAI_ADMIN_KEY, which holds the API key, is not"
    )
    with pytest.raises(RefusedError, match=rule):
        land(settings)
    monkeypatch.setenv("OPENAI_ADMIN_KEY", f"{KEY}\nx")
    with pytest.raises(RefusedError, match="holds no API key: it has odd characters") as refusal:
        land(settings)
    assert KEY not in str(refusal.value)
    later = workspace(SOURCE.format(more="start = 2999-01-01"))
    with pytest.raises(RefusedError, match="`start` is 2999-01-01: in the future"):
        land(later)


def written(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_key_appears_in_no_file_log_or_error(
    server: VendorServer,
    workspace: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # Through the command line and the gate, with every logger at its most talkative.
    caplog.set_level(logging.DEBUG)
    settings = workspace(SOURCE.format(more=API.format(address=server.address)))
    monkeypatch.chdir(settings.folder)
    shown = ""
    monkeypatch.setenv("VENDOR_KEY", f"{KEY}-wrong")
    for run, fault in enumerate(("wrong key", "error_page", "broken", "cut", "")):
        if run == 1:
            monkeypatch.setenv("VENDOR_KEY", KEY)
        server.faults = [Fault(fault, times=99)] if run and fault else []
        for words in (["land", "--dry-run"], ["land"], ["doctor"]):
            result = CliRunner().invoke(app, words)
            shown += f"{result.output} {result.exception} {result.exception!r}"
    assert "401 Unauthorized (authentication_error)" in shown
    assert "is $VENDOR_KEY an admin key of the organisation?" in shown
    assert "would land openai/2026-03-02.csv (gpt)" in shown
    assert "$VENDOR_KEY" in shown
    assert caplog.text
    for place in (shown, caplog.text, written(settings.folder).decode("utf-8", "replace")):
        assert KEY not in place
        assert "canary" not in place
