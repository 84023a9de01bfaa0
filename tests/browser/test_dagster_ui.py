"""The Dagster UI in a real browser: the groups, an asset's lineage, its checks, its partitions.

Looked at by people as screenshots; here Chromium's DOM is read. Needs Debian's chromium.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.settings import PROJECT_ROOT
from tests.browser.chromium import CHROMIUM, dom, free_port, wait_until_up

pytestmark = pytest.mark.slow

LOCATION = "orchestration.defs.definitions"


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
