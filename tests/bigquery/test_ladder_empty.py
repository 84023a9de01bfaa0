"""Rung 2: every statement of the project typed by GoogleSQL on no rows: models, seeds and unit
tests, with what the adapter writes around them. Data tests run on the rows of the first build."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.bigquery.process import BigQueryServer
from tests.bigquery.scenarios import Server, build_empty, open_empty
from tests.bigquery.twins import tell, timed

pytestmark = pytest.mark.slow

PASSED = {"success", "pass"}


def test_every_statement_is_typed_on_no_rows(own_bigquery: BigQueryServer, tmp_path: Path) -> None:
    # Without a prefix dbt may start from what it read for the first build.
    settings = open_empty(tmp_path, Server(own_bigquery.project, own_bigquery.endpoint))
    with timed("dbt build --empty"):
        results = build_empty(settings, "--exclude-resource-type", "test")
    kinds = Counter(kind for kind, _, _ in results)
    tell(", ".join(f"{count} {kind}s" for kind, count in kinds.items()))
    wrong = [f"{name}: {message}" for _, name, message in results if message not in PASSED]
    assert not wrong, "\n".join(wrong)
    assert {"model", "seed", "unit_test"} == kinds.keys()
