"""Fixtures of the BigQuery tests; those of the server and of gs:// are in tests/conftest.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from google.cloud.bigquery import Client

from tests.bigquery.process import BigQueryServer
from tests.bigquery.twins import TOLD, Twins, fresh_twins
from tests.conftest import needs, shared_folder


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


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Twins:
    """The ladder's company, built once on both engines for all workers. Work on a copy."""
    needs("zetasql", "wasmtime")
    return fresh_twins(shared_folder(tmp_path_factory))


@pytest.fixture(autouse=True)
def told(record_property: Callable[[str, object], None]) -> Iterator[None]:
    """Hand what the test told to pytest's summary."""
    yield
    for text in TOLD:
        record_property("told", text)
    TOLD.clear()
