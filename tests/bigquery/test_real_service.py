"""Rung 5, opt-in: the same lives on Google's BigQuery, in datasets of a scratch prefix.

    gcloud auth application-default login
    export TWINLEDGER_TEST_BIGQUERY_PROJECT=my-project     # is billed
    export TWINLEDGER_TEST_BIGQUERY_LOCATION=EU            # optional, US by default
    make test-bigquery

A dry run comes first, with bytes and cost; what was really billed is printed at the end, and the
datasets are dropped. The public relations after the first build are kept in `golden/`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from google.cloud import bigquery

from orchestration.landing.land import land
from orchestration.settings import load_settings
from tests.bigquery import lives, scenarios
from tests.bigquery.compare import Marts
from tests.bigquery.readers import GOLDEN, without_log, write_golden
from tests.bigquery.twins import Twins, tell, timed

PROJECT = os.environ.get("TWINLEDGER_TEST_BIGQUERY_PROJECT", "")
LOCATION = os.environ.get("TWINLEDGER_TEST_BIGQUERY_LOCATION", "US")
ENDPOINT = os.environ.get("TWINLEDGER_TEST_BIGQUERY_ENDPOINT", "")
"""Of a server that stands in for the service: what tests this test."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PROJECT,
        reason="BigQuery itself was NOT tested: set TWINLEDGER_TEST_BIGQUERY_PROJECT to a Google"
        " Cloud project that may be billed (cents), log in with `gcloud auth application-default"
        " login`, and run: make test-bigquery",
    ),
]

LIMIT = 2**30
"""Bytes that one statement may bill here: the whole company has some megabytes."""
LEAST = 10 * 2**20
"""Bytes that BigQuery bills at least, for each table that a statement reads."""
DOLLARS_A_TIB = 6.25
"""On demand, US, as listed in 2025; other places cost up to a half more."""


@dataclass(frozen=True)
class RealService:
    """Google's BigQuery, with the credentials of the environment."""

    project: str = PROJECT

    def client(self) -> bigquery.Client:
        if not ENDPOINT:
            return bigquery.Client(self.project, location=LOCATION)
        from google.api_core.client_options import ClientOptions
        from google.auth.credentials import AnonymousCredentials

        options = ClientOptions(api_endpoint=ENDPOINT)
        return bigquery.Client(self.project, AnonymousCredentials(), client_options=options)


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Twins]:
    """Two workspaces of a company; the datasets with their prefix are dropped afterwards."""
    service = RealService()
    prefix = f"twinledger_test_{datetime.now(UTC):%Y%m%d%H%M}_{uuid4().hex[:6]}_"
    twins = Twins(tmp_path / "twins", service, prefix)
    place = scenarios.Server(service.project, ENDPOINT, prefix, LIMIT, LOCATION)
    scenarios.write_company(twins.company)
    scenarios.open_company(twins.company, twins.duckdb)
    scenarios.open_company(twins.company, twins.bigquery, place)
    began = datetime.now(UTC)
    try:
        yield twins
    finally:
        client = service.client()
        jobs = list(client.list_jobs(min_creation_time=began, all_users=False))
        billed = [job.total_bytes_billed or 0 for job in jobs if job.job_type == "query"]
        tell(f"billed: {len(billed)} queries, {_cost(sum(billed))}")
        for dataset in client.list_datasets():
            if dataset.dataset_id.startswith(prefix):
                client.delete_dataset(dataset.reference, delete_contents=True)
        left = [found.dataset_id for found in client.list_datasets()]
        assert not [name for name in left if name.startswith(prefix)]


def test_the_lives_of_the_company_on_the_real_service(twins: Twins, tmp_path: Path) -> None:
    _dry_run(twins)
    with timed("first build, both engines"):
        twins.run(checks=True)
    twins.assert_equal("the first build")
    for workspace in (twins.duckdb, twins.bigquery):
        scenarios.age(workspace)
    if not ENDPOINT:
        _record(twins.marts()[1])
    lives.past_state(twins)
    lives.later_days(twins)
    lives.next_version(twins, tmp_path / "project")


def _dry_run(twins: Twins) -> None:
    """Land, build without rows, then ask what each model would read; prints bytes and cost."""
    settings = load_settings(twins.bigquery / "twinledger.toml")
    land(settings)
    results = scenarios.build_empty(settings, "--exclude-resource-type", "test", "unit_test")
    assert all(status == "success" for _, _, status in results), results
    client = twins.server.client()
    config = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
    compiled = settings.work / "target" / "compiled"
    statements = [file.read_text("utf-8") for file in compiled.rglob("models/**/*.sql")]
    read = sum(client.query(sql, job_config=config).total_bytes_processed for sql in statements)
    least = sum(LEAST * max(1, sql.count(f"`{twins.prefix}")) for sql in statements)
    tell(f"dry run: {len(statements)} models type-checked; they read {read:,} bytes of what landed")
    tell(f"estimate of one build by the least that is billed: {_cost(max(read, least))}")
    assert read < LIMIT


def _record(marts: Marts) -> None:
    kept = without_log(marts)
    write_golden(kept, GOLDEN)
    tell(f"recorded {len(kept.relations)} relations in {GOLDEN}: commit them")


def _cost(read: int) -> str:
    return f"{read:,} bytes, {read / 2**40 * DOLLARS_A_TIB:.4f} US dollars on demand"
