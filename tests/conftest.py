"""Fixtures shared by all tests: workspaces, the real data, one built sample company a session, the
BigQuery server."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from orchestration.settings import Settings, load_settings
from tests.bigquery.process import BigQueryServer, Storage
from tests.parses import FOLDER, share_parses

ROOT = Path(__file__).resolve().parent.parent

# Deadlines measure the machine, not the code; a fixture is one workspace a test on purpose.
hypothesis_settings.register_profile(
    "twinledger",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
hypothesis_settings.load_profile("twinledger")

Workspace = Callable[..., Settings]


@pytest.fixture(scope="session")
def data() -> Path:
    """The third-party data, read in place."""
    folder = ROOT.parent / "shared" / "data"
    if not (folder / "manifest.json").is_file():
        pytest.skip("the real third-party data (../shared/data) is not beside this checkout")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Write `twinledger.toml` with the given text into a folder of the test's own, and load it."""

    def write(text: str, folder: str = "workspace") -> Settings:
        target = tmp_path / folder
        target.mkdir(exist_ok=True)
        (target / "twinledger.toml").write_text(text, encoding="utf-8")
        return load_settings(target / "twinledger.toml")

    return write


def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the workers of this test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session", autouse=True)
def one_parse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """dbt reads the project once for all workspaces."""
    folder = shared_folder(tmp_path_factory) / "parses"
    share_parses(folder)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv(FOLDER, str(folder))
        yield


@pytest.fixture
def no_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Land without Great Expectations, which takes seconds to import; tests/unit/test_gate.py
    and the integration tests go through it."""
    from orchestration.landing import gate_step
    from tests.product import as_prepared

    monkeypatch.setattr(gate_step, "judge_loads", as_prepared)


@pytest.fixture
def landed() -> Callable[[Settings], duckdb.DuckDBPyConnection]:
    """An in-memory warehouse with the landing views over what stands."""

    def register(settings: Settings, as_of: str | None = None) -> duckdb.DuckDBPyConnection:
        from orchestration.landing.register import register_landing

        con = duckdb.connect()
        con.execute("set TimeZone = 'UTC'")
        register_landing(con, settings, as_of=as_of)
        return con

    return register


@pytest.fixture(scope="session")
def sample_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company, landed, built and published once for all workers. Read it only."""
    shared = shared_folder(tmp_path_factory)
    folder = shared / "sample"
    with FileLock(shared / "sample.lock"):
        if not (folder / "published" / "marts.duckdb").is_file():
            from orchestration.pipeline import run
            from orchestration.sample import write_sample

            if not (folder / "twinledger.toml").is_file():
                write_sample(folder)
            run(load_settings(folder / "twinledger.toml"))
    return folder


def needs(*modules: str) -> None:
    """Skip the test where one of them is not installed."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)} (the dev extra has them)")


@pytest.fixture(scope="session")
def bigquery(
    tmp_path_factory: pytest.TempPathFactory, storage: Storage
) -> Iterator[BigQueryServer]:
    """One server a worker; a test uses datasets of its own and leaves the server running."""
    needs("zetasql", "wasmtime")
    answers = shared_folder(tmp_path_factory) / "answers"
    server = BigQueryServer(tmp_path_factory.mktemp("bigquery"), storage.endpoint, answers).start()
    yield server
    server.stop()


@pytest.fixture
def own_bigquery(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, storage: Storage
) -> Iterator[BigQueryServer]:
    """A server for one test, which may kill and restart it."""
    needs("zetasql", "wasmtime")
    answers = shared_folder(tmp_path_factory) / "answers"
    server = BigQueryServer(tmp_path / "bigquery", storage.endpoint, answers).start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def storage() -> Iterator[Storage]:
    needs("gcp_storage_emulator", "gcsfs")
    from gcp_storage_emulator.server import create_server

    server = create_server("127.0.0.1", 0, in_memory=True, default_bucket=Storage.bucket)
    with server:
        yield Storage(f"http://127.0.0.1:{server._api._httpd.server_address[1]}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests recorded as `told`: figures and tables that a reader of the run wants."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "teardown":
                told = [text for name, text in report.user_properties if name == "told"]
                if told:
                    terminalreporter.write_line("\n  ".join([report.nodeid, *told]))
