"""Fixtures of the BigQuery tests: the server as a process, and a storage server for gs://."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.cloud.bigquery import Client

from tests.bigquery.process import BigQueryServer
from tests.bigquery.twins import TOLD, Twins, fresh_twins


def needs(*modules: str) -> None:
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)} (the dev extra has them)")


@pytest.fixture(scope="session")
def bigquery(
    tmp_path_factory: pytest.TempPathFactory, storage: Storage
) -> Iterator[BigQueryServer]:
    """One server a worker; a test uses datasets of its own and leaves the server running."""
    needs("zetasql", "wasmtime")
    server = BigQueryServer(tmp_path_factory.mktemp("bigquery"), storage.endpoint).start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def client(bigquery: BigQueryServer) -> Client:
    return bigquery.client()


@pytest.fixture
def dataset(client: Client, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty dataset with the test's name, while it runs."""
    name = str(request.node.name).split("[")[0]
    client.create_dataset(name)
    yield name
    client.delete_dataset(name, delete_contents=True)


@pytest.fixture
def own_bigquery(tmp_path: Path, storage: Storage) -> Iterator[BigQueryServer]:
    """A server for one test, which may kill and restart it."""
    needs("zetasql", "wasmtime")
    server = BigQueryServer(tmp_path / "bigquery", storage.endpoint).start()
    yield server
    server.kill()


@dataclass(frozen=True)
class Storage:
    """A bucket on a server of Cloud Storage's JSON API; fsspec reaches it with `options`."""

    endpoint: str
    bucket: str = "lake"

    @property
    def options(self) -> dict[str, str]:
        return {"endpoint_url": self.endpoint, "token": "anon", "project": BigQueryServer.project}


@pytest.fixture(scope="session")
def storage() -> Iterator[Storage]:
    needs("gcp_storage_emulator", "gcsfs")
    from gcp_storage_emulator.server import create_server

    server = create_server("127.0.0.1", 0, in_memory=True, default_bucket=Storage.bucket)
    with server:
        yield Storage(f"http://127.0.0.1:{server._api._httpd.server_address[1]}")


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Twins:
    """The ladder's company, built once on both engines for all workers. Work on a copy."""
    needs("zetasql", "wasmtime")
    base = tmp_path_factory.getbasetemp()
    return fresh_twins(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base)


@pytest.fixture(autouse=True)
def told(record_property: Callable[[str, object], None]) -> Iterator[None]:
    """Hand what the test told to pytest's summary."""
    yield
    for text in TOLD:
        record_property("told", text)
    TOLD.clear()
