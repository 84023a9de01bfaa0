"""Fixtures of the integration tests."""

from __future__ import annotations

import pytest

from tests.integration.bill_layer import BillLayer


@pytest.fixture(scope="session")
def bills(tmp_path_factory: pytest.TempPathFactory) -> BillLayer:
    """The bill layer's models, compiled once; look at one workspace after the other."""
    return BillLayer(tmp_path_factory.mktemp("bill_layer"))
