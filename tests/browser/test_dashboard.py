"""The dashboard over the published sample company: Streamlit's own harness, and a real browser."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from orchestration.settings import PROJECT_ROOT
from tests.browser.chromium import CHROMIUM, browse, free_port, wait_until_up

pytestmark = pytest.mark.slow


def test_the_page_shows_both_ledgers_without_an_error(
    sample_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from streamlit.testing.v1 import AppTest

    monkeypatch.setenv("TWINLEDGER_SETTINGS", str(sample_workspace / "twinledger.toml"))
    page = AppTest.from_file(str(PROJECT_ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    assert not page.exception and not page.error
    headings = [element.value for element in page.subheader]
    assert headings == [
        "Does it pay?",
        "What does AI cost?",
        "What comes next?",
        "What does one unit cost?",
        "Are we in control?",
    ]
    figures = {element.label: element.value for element in page.metric}
    assert figures["Tag coverage"].endswith("%")
    assert "unknown" not in figures.values()


def test_a_workspace_without_a_publish_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from streamlit.testing.v1 import AppTest

    (tmp_path / "twinledger.toml").write_text("")
    monkeypatch.setenv("TWINLEDGER_SETTINGS", str(tmp_path / "twinledger.toml"))
    page = AppTest.from_file(str(PROJECT_ROOT / "dashboard" / "app.py"), default_timeout=60).run()
    assert [element.value for element in page.warning] == [
        "Nothing is published yet: twinledger run"
    ]


def test_the_served_page_opens_in_a_browser(sample_workspace: Path, tmp_path: Path) -> None:
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install --no-install-recommends chromium")
    port = free_port()
    log = tmp_path / "streamlit.log"
    settings = str(sample_workspace / "twinledger.toml")
    with log.open("w") as stream:
        server = subprocess.Popen(
            [str(PROJECT_ROOT / ".ci" / "dashboard")],
            env={**os.environ, "PORT": str(port), "TWINLEDGER_SETTINGS": settings},
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    try:
        wait_until_up(f"http://127.0.0.1:{port}/_stcore/health", server, log)
        with browse(f"http://127.0.0.1:{port}/", tmp_path / "profile") as page:
            shown = page.wait_for("Does it pay?", "Are we in control?")
            page.screenshot(tmp_path / "dashboard.png")
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)
    assert "Tag coverage" in shown
    assert (tmp_path / "dashboard.png").stat().st_size > 50_000
