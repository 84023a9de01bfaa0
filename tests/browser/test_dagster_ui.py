"""The Dagster UI in a real browser: the groups, an asset's lineage, its checks, its partitions.

Looked at by people as screenshots; here Chromium's DOM is read. Needs Debian's chromium.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.settings import PROJECT_ROOT

pytestmark = pytest.mark.slow

STARTUP_SECONDS = 180
LOCATION = "orchestration.defs.definitions"
CHROMIUM = shutil.which("chromium")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a webserver over the sample company, not landed yet."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install --no-install-recommends chromium")
    from orchestration.sample import write_sample

    folder = tmp_path_factory.mktemp("ui")
    write_sample(folder / "sample", days=10)
    home = folder / "sample" / ".dagster"
    home.mkdir()
    shutil.copy(PROJECT_ROOT / "dagster.yaml", home)
    port = free_port()
    command = [
        *(str(PROJECT_ROOT / ".venv" / "bin" / "dagster-webserver"), "-m", LOCATION),
        *("-h", "127.0.0.1", "-p", str(port)),
    ]
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "TWINLEDGER_SETTINGS": str(folder / "sample" / "twinledger.toml"),
    }
    log = folder / "webserver.log"
    with log.open("w") as stream:
        # A session of its own, so that the server's code server ends with it.
        server = subprocess.Popen(
            command, cwd=home, env=environment, stdout=stream, stderr=stream, start_new_session=True
        )
    try:
        wait_until_up(f"http://127.0.0.1:{port}/server_info", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


def wait_until_up(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text()[-3000:]
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"no answer in {STARTUP_SECONDS} s:\n{log.read_text()[-3000:]}")


def dom(address: str, profile: Path) -> str:
    """The page as the browser has it once its requests are answered."""
    command = [
        *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
        *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
        *("--disable-sync", f"--user-data-dir={profile}", "--window-size=1900,1200"),
        *("--virtual-time-budget=30000", "--dump-dom", address),
    ]
    found = subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)
    return found.stdout


def test_the_lineage_page_shows_every_layer(ui: str, tmp_path: Path):
    page = dom(f"{ui}/asset-groups", tmp_path)
    layers = "landing reference staging cost_ledger allocation unit_economics value_ledger"
    for layer in [*layers.split(), "planning", "governance", "published"]:
        assert f">{layer}<" in page, layer
    # Nobody is asked for a mail address.
    assert "newsletter" not in page.lower()


def test_a_layer_shows_its_tables_and_what_they_read(ui: str, tmp_path: Path):
    group = f"{ui}/locations/{LOCATION}/asset-groups/allocation"
    listed = dom(f"{group}/list", tmp_path)
    for name in ("costs_daily", "cost_allocations", "tag_coverage_daily"):
        assert name in listed, name
    # The graph draws what is in view only: some table, and some of another layer that feeds it.
    drawn = dom(f"{group}/lineage", tmp_path)
    assert any(name in drawn for name in ("int_charge_routes", "cost_allocations"))
    assert any(name in drawn for name in ("account_owners", "tag_keys", "charges", "teams"))


def test_a_mart_shows_its_tests_as_checks(ui: str, tmp_path: Path):
    page = dom(f"{ui}/assets/allocation/cost_allocations?view=checks", tmp_path)
    assert "an_allocation_has_an_id_of_its_own" in page


def test_a_source_shows_its_days(ui: str, tmp_path: Path):
    page = dom(f"{ui}/assets/deliveries/litellm_gateway?view=partitions", tmp_path)
    assert "Partitions" in page
    assert "Missing" in page
