"""Landing on BigQuery: the rows that stand on DuckDB stand there too, each part loaded once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pytest

from orchestration.closing import close_month
from orchestration.errors import TwinledgerError
from orchestration.landing.lake import Lake
from orchestration.landing.land import land
from orchestration.landing.register import register_landing
from orchestration.settings import Settings
from orchestration.warehouse.bigquery import BigQueryWarehouse, load
from orchestration.warehouse.bigquery.client import Client, fields_of
from orchestration.warehouse.bigquery.errors import BigQueryError
from orchestration.warehouse.bigquery.lake_tables import ensure_table
from orchestration.warehouse.bigquery.load import Batch
from orchestration.warehouse.bigquery.register import register_landing as register_bigquery
from orchestration.warehouse.bigquery.rows import arrow_table
from tests.bigquery.process import BigQueryServer
from tests.unit.landing.former_version import silence, version

pytestmark = pytest.mark.usefixtures("no_gate")

Workspace = Callable[..., Settings]
Row = tuple[object, ...]

SETTINGS = """
[warehouse]
target = "bigquery"
{more}
[warehouse.bigquery]
project = "{project}"
endpoint = "{endpoint}"
dataset_prefix = "{prefix}"
labels = {{team = "finops"}}
[gate]
max_quarantined_share = 0.5
[[sources]]
name = "log"
type = "token_events"
uri = "log/*.csv"
[[sources]]
name = "bill"
type = "cost_lines"
uri = "bill.csv"
[[sources]]
name = "jobs"
type = "gpu_jobs"
uri = "jobs.csv"
[[sources]]
name = "units"
type = "units"
uri = "units.csv"
"""
LOG = "started_at,ended_at,input_tokens,output_tokens,request_id,cost,currency\n"
FILES = {
    # The second file repeats request a, later; the third day is a day of its own.
    "log/1.csv": LOG
    + "2026-10-01T10:00:00Z,2026-10-01T10:00:01Z,1,2,a,0.000000000000000001,USD\n"
    + "2026-10-01T23:59:59.999999Z,,3,4,b,12345678901234567890.123456789012345678,USD\n"
    + "bad,,1,1,c,1,USD\n",
    "log/2.csv": LOG + "2026-10-01T10:00:00Z,2026-10-01T10:00:09Z,1,9,a,0.5,USD\n",
    "log/3.csv": LOG + "2026-10-03T00:00:00Z,,5,6,,0.25,EUR\n2026-10-03T00:00:00Z,,5,6,,,EUR\n",
    "bill.csv": "charge_date,cost,currency,service\n2026-09-30,10,USD,gpu\n2026-10-05,7,USD,gpu\n",
    # A job that never started has no time: it must not be lost by the filter on time.
    "jobs.csv": "job,started_at,ended_at,gpus\nj1,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,8\n"
    "j2,,,4\n",
    "units.csv": "date,unit,quantity\n2026-10-01,launch,3\n",
}


def deliver(settings: Settings, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = settings.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def open_company(workspace: Workspace) -> Callable[..., Settings]:
    """A workspace on the given server, in datasets of its own, with all files delivered."""

    def write(server: BigQueryServer, more: str = "") -> Settings:
        prefix = f"t{uuid4().hex[:8]}_"
        text = SETTINGS.format(
            project=server.project, endpoint=server.endpoint, prefix=prefix, more=more
        )
        settings = workspace(text)
        deliver(settings, FILES)
        return settings

    return write


@pytest.fixture
def company(open_company: Callable[..., Settings], bigquery: BigQueryServer) -> Settings:
    return open_company(bigquery)


def duckdb_says(settings: Settings, as_of: str | None = None) -> dict[str, list[Row]]:
    """Every relation of `landing` and `quarantine` by DuckDB, over the same lake."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        register_landing(con, settings, as_of=as_of)
        names = con.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
        ).fetchall()
        return {name: ordered(con.execute(f"from {name}").fetchall()) for (name,) in names}


def bigquery_says(settings: Settings, as_of: str | None = None) -> dict[str, list[Row]]:
    """The same by BigQuery, without the small table that only it has."""
    engine = BigQueryWarehouse(settings)
    engine.register(as_of, lambda _: None)
    found = {}
    for layer in ("landing", "quarantine"):
        for name in engine.client.contents(engine.client.names.build(layer)):
            if name != "standing_loads":
                rows = engine.build_rows(f"select * from {engine.relation(layer, name)}")
                found[f"{layer}.{name}"] = ordered(rows)
    return found


def ordered(rows: list[Any]) -> list[Row]:
    return sorted((tuple(map(plain, row)) for row in rows), key=repr)


def plain(value: object) -> object:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def assert_engines_agree(settings: Settings, as_of: str | None = None) -> dict[str, list[Row]]:
    expected, actual = duckdb_says(settings, as_of), bigquery_says(settings, as_of)
    assert sorted(actual) == sorted(expected)
    for name, rows in expected.items():
        assert actual[name] == rows, name
    return actual


def test_exactly_the_rows_that_stand_on_duckdb_stand_on_bigquery(company: Settings) -> None:
    land(company)
    rows = assert_engines_agree(company)
    assert len(rows["landing.token_events"]) == 4
    assert len(rows["landing.gpu_jobs"]) == 2
    assert len(rows["quarantine.token_events"]) == 1
    # A restated bill, a corrected log file: the former loads stay loaded, and are not seen.
    deliver(company, {"bill.csv": FILES["bill.csv"].replace("7,USD", "8,USD")})
    deliver(company, {"log/1.csv": FILES["log/1.csv"].replace("3,4,b", "3,5,b")})
    before = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    land(company)
    assert len(assert_engines_agree(company)["landing.cost_lines"]) == 2
    assert assert_engines_agree(company, before) == rows


def test_a_closed_months_corrections_are_the_same_on_both_engines(company: Settings) -> None:
    land(company)
    close_month(company, "2026-09")
    before = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    rows = assert_engines_agree(company)
    deliver(
        company, {"bill.csv": FILES["bill.csv"] + "2026-09-30,10,USD,gpu\n2026-09-30,2,USD,x\n"}
    )
    land(company)
    assert len(assert_engines_agree(company)["landing.cost_lines"]) == 4
    close_month(company, "2026-10")
    deliver(company, {"bill.csv": FILES["bill.csv"].replace("10,USD", "11,USD")})
    land(company)
    # The line of September, two that came, then all three gone and one come; October's own.
    found = assert_engines_agree(company)
    assert len(found["landing.cost_lines"]) == 8
    assert len(found["landing.bookings"]) == 3
    assert assert_engines_agree(company, before) == rows


def test_registering_again_sends_no_job(company: Settings) -> None:
    land(company)
    engine = BigQueryWarehouse(company)
    engine.register(None, lambda _: None)
    before = len(jobs_of(company))
    register_bigquery(Client(company))
    assert len(jobs_of(company)) == before


def test_every_job_carries_labels_and_every_query_a_limit(company: Settings) -> None:
    land(company)
    engine = BigQueryWarehouse(company)
    engine.register(None, lambda _: None)
    engine.build_rows(f"select count(*) from {engine.relation('landing', 'loads')}")
    jobs = jobs_of(company)
    assert {job.job_type for job in jobs} == {"load", "query"}
    for job in jobs:
        assert job.labels["app"] == "twinledger"
        assert job.labels["team"] == "finops"
        assert job.labels["step"] in ("land", "build")
        if job.job_type == "query":
            assert job.maximum_bytes_billed == company.bigquery.maximum_bytes_billed


def jobs_of(settings: Settings) -> list[Any]:
    """The jobs that touched the workspace's datasets."""
    client = Client(settings)
    prefix = client.names.prefix
    return [
        job
        for job in client.api.list_jobs(max_results=1000)
        if prefix in json.dumps(job.to_api_repr())
    ]


def test_tables_are_partitioned_clustered_and_want_a_filter(company: Settings) -> None:
    land(company)
    client = Client(company)
    log = client.table(client.names.lake, "token_events")
    bill = client.table(client.names.lake, "cost_lines")
    assert log is not None
    assert bill is not None
    assert (log.time_partitioning.type_, log.time_partitioning.field) == ("DAY", "started_at")
    assert (bill.time_partitioning.type_, bill.require_partition_filter) == ("MONTH", True)
    assert log.clustering_fields == ["_source_name", "_load_id"]
    with pytest.raises(BigQueryError, match="filter"):
        client.rows(f"select * from {client.names.sql(client.names.lake, 'cost_lines')}", step="q")


@pytest.mark.parametrize("moment", ["before the job", "after the job", "after the marks"])
def test_a_load_that_was_killed_is_taken_up_and_nothing_counts_twice(
    company: Settings, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    send = Client.load

    def dies(client: Client, dataset: str, table: str, *rest: Any, **named: Any) -> Any:
        at_marks = table == "loaded_parts"
        if moment == "before the job":
            raise KeyboardInterrupt
        if moment == "after the job" and at_marks:
            raise KeyboardInterrupt
        job = send(client, dataset, table, *rest, **named)
        if moment == "after the marks" and at_marks:
            raise KeyboardInterrupt
        return job

    monkeypatch.setattr(Client, "load", dies)
    with pytest.raises(KeyboardInterrupt):
        land(company)
    monkeypatch.undo()
    # More has come since: the batch that was begun is ended as it was.
    deliver(company, {"log/4.csv": LOG + "2026-10-04T00:00:00Z,,1,1,z,1,USD\n"})
    from orchestration.landing import gate_step

    monkeypatch.setattr(gate_step, "judge_loads", lambda con, s, o, t, lake, prepared: prepared)
    land(company)
    assert len(assert_engines_agree(company)["landing.token_events"]) == 5
    client = Client(company)
    lake = client.names.lake
    assert client.rows(
        f"select count(*) from {client.names.sql(lake, 'gpu_jobs')} "
        "where started_at is null or started_at > '1970-01-01'",
        step="q",
    ) == [(2,)]


def test_a_table_that_was_dropped_is_filled_again(company: Settings) -> None:
    land(company)
    client = Client(company)
    client.api.delete_table(f"{client.names.project}.{client.names.lake}.units")
    assert_engines_agree(company)


def test_a_job_that_failed_is_tried_again_and_one_that_ran_is_not(company: Settings) -> None:
    client = Client(company)
    client.ensure_dataset(client.names.lake)
    lake, job_id = client.names.lake, f"job_{uuid4().hex}"
    columns = {"name": "varchar"}
    rows = arrow_table(columns, [{"name": "once"}])

    def send(source: Any) -> Any:
        schema = fields_of(columns)
        return client.load(lake, "some", source, step="land", schema=schema, job_id=job_id)

    with pytest.raises(BigQueryError):
        send(["gs://no-such-bucket/none.parquet"])
    assert send(rows).job_id == f"{job_id}_2"
    assert send(rows).job_id == f"{job_id}_2"
    assert client.rows(f"select name from {client.names.sql(lake, 'some')}", step="query") == [
        ("once",)
    ]


def test_a_dataset_in_another_location_is_told(company: Settings) -> None:
    from google.cloud import bigquery as google

    client = Client(company)
    wanted = google.Dataset(f"{client.names.project}.{client.names.lake}")
    wanted.location = "EU"
    client.api.create_dataset(wanted)
    with pytest.raises(BigQueryError, match="lies in location EU, but the settings say US"):
        land(company)


def test_the_bytes_limit_refuses_a_statement(
    open_company: Callable[..., Settings],
    bigquery: BigQueryServer,
) -> None:
    settings = open_company(bigquery)
    land(settings)
    engine = BigQueryWarehouse(settings)
    engine.register(None, lambda _: None)
    low = settings.bigquery.model_copy(update={"maximum_bytes_billed": 1})
    tight = settings.warehouse.model_copy(update={"bigquery": low})
    engine = BigQueryWarehouse(settings.model_copy(update={"warehouse": tight}))
    with pytest.raises(BigQueryError, match="more than maximum_bytes_billed allows"):
        engine.build_rows(f"select * from {engine.relation('landing', 'token_events')}")


def test_a_lake_in_cloud_storage_is_loaded_by_address(
    open_company: Callable[..., Settings],
    bigquery: BigQueryServer,
    storage: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage.endpoint)
    folder = f"gs://{storage.bucket}/{uuid4().hex[:8]}"
    settings = open_company(bigquery, more=f'lake = "{folder}"')
    land(settings)
    assert all(item.portable for item in Lake(settings).manifests)
    rows = assert_engines_agree(settings)
    assert len(rows["landing.token_events"]) == 4
    loads = [job for job in jobs_of(settings) if job.job_type == "load" and job.source_uris]
    assert all(uri.startswith(folder) for job in loads for uri in job.source_uris)
    assert loads


def test_the_same_batch_has_the_same_job(tmp_path: Path) -> None:
    assert Batch("t", "1", ()).job_id == Batch("t", "1", ()).job_id
    assert Batch("t", "1", ()).job_id != Batch("t", "2", ()).job_id


LACKING = ("ended_at", "reasoning_tokens", "cost_center")


@pytest.fixture(params=["manifests list the columns", "manifests do not"])
def upgraded(company: Settings, request: pytest.FixtureRequest) -> Settings:
    """A lake and its tables as a former version left them."""
    with version("token_events", *LACKING):
        land(company)
        bigquery_says(company)
    if request.param == "manifests do not":
        silence(company)
    return company


def columns_of_log(settings: Settings) -> set[str]:
    client = Client(settings)
    table = client.table(client.names.lake, "token_events")
    assert table is not None
    return {field.name for field in table.schema}


def test_a_former_versions_table_gets_the_columns_that_it_lacks(upgraded: Settings) -> None:
    assert columns_of_log(upgraded).isdisjoint(LACKING)
    rows = assert_engines_agree(upgraded)["landing.token_events"]
    assert columns_of_log(upgraded) >= set(LACKING)
    # A restated old file, and a file of the present version.
    deliver(upgraded, {"log/1.csv": FILES["log/1.csv"].replace("3,4,b", "3,5,b")})
    deliver(upgraded, {"log/4.csv": FILES["log/2.csv"].replace(",a,", ",d,")})
    before = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    land(upgraded)
    assert len(assert_engines_agree(upgraded)["landing.token_events"]) == len(rows) + 1
    assert assert_engines_agree(upgraded, before)["landing.token_events"] == rows


def test_old_and_new_parts_fill_a_table_that_was_dropped(upgraded: Settings) -> None:
    deliver(upgraded, {"log/4.csv": FILES["log/2.csv"].replace(",a,", ",d,")})
    land(upgraded)
    client = Client(upgraded)
    client.api.delete_table(f"{client.names.project}.{client.names.lake}.token_events")
    assert_engines_agree(upgraded)


def test_a_table_is_looked_at_again_only_when_its_columns_are_another_versions(
    upgraded: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []

    def look(client: Client, dataset: Any, is_quarantine: bool) -> Any:
        looked.append(dataset.name)
        return ensure_table(client, dataset, is_quarantine)

    monkeypatch.setattr(load, "ensure_table", look)
    for _ in range(2):
        BigQueryWarehouse(upgraded).register(None, lambda _: None)
        assert looked == ["token_events"]


@pytest.mark.parametrize("manifests", ["list the columns", "do not"])
def test_old_parts_in_cloud_storage_are_loaded_with_new_ones(
    open_company: Callable[..., Settings],
    bigquery: BigQueryServer,
    storage: Any,
    monkeypatch: pytest.MonkeyPatch,
    manifests: str,
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage.endpoint)
    folder = f"gs://{storage.bucket}/{uuid4().hex[:8]}"
    settings = open_company(bigquery, more=f'lake = "{folder}"')
    with version("token_events", *LACKING), monkeypatch.context() as patch:
        patch.setattr(BigQueryWarehouse, "load", lambda engine, progress: None)
        land(settings)
    if manifests == "do not":
        silence(settings)
    deliver(settings, {"log/4.csv": FILES["log/2.csv"].replace(",a,", ",d,")})
    land(settings)
    assert len(assert_engines_agree(settings)["landing.token_events"]) == 5


def test_what_a_newer_version_landed_is_not_loaded_without_its_columns(company: Settings) -> None:
    with version("token_events", knows={"novelty": "varchar"}):
        land(company)
    # What is loaded is read on, without the column; what is not is left to the newer version.
    assert_engines_agree(company)
    client = Client(company)
    client.api.delete_table(f"{client.names.project}.{client.names.lake}.token_events")
    with pytest.raises(TwinledgerError, match=r"newer version.*\(novelty\)"):
        BigQueryWarehouse(company).register(None, lambda _: None)


def test_a_column_of_another_type_is_told(company: Settings) -> None:
    with version("token_events", knows={"reasoning_tokens": "varchar"}):
        land(company)
        bigquery_says(company)
    with pytest.raises(
        BigQueryError, match="reasoning_tokens is STRING, but INT64 in this version"
    ):
        BigQueryWarehouse(company).register(None, lambda _: None)
