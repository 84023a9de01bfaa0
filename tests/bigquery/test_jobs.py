"""Copies and queries as jobs: what they do, and what is kept of them."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
from google.api_core import exceptions
from google.cloud.bigquery import (
    ArrayQueryParameter,
    CopyJobConfig,
    LoadJobConfig,
    QueryJobConfig,
    ScalarQueryParameter,
    SchemaField,
    TimePartitioning,
)

A = [SchemaField("a", "INT64")]


def rows_of(client, table):
    return [tuple(row) for row in client.list_rows(table)]


def test_a_copy_is_whole_or_of_one_partition(client, dataset):
    client.query_and_wait(
        f"create table {dataset}.t (day date not null, a int64) partition by day cluster by a as "
        "select date '2025-01-01', 1 union all select '2025-01-02', 2"
    )
    source = f"{dataset}.t"
    client.copy_table(source, f"{dataset}.u").result()
    copied, original = client.get_table(f"{dataset}.u"), client.get_table(source)
    assert rows_of(client, copied) == rows_of(client, original)
    assert copied.schema == original.schema
    assert copied.time_partitioning == original.time_partitioning
    assert copied.clustering_fields == ["a"]
    with pytest.raises(exceptions.Conflict):  # WRITE_EMPTY is a copy's default
        client.copy_table(source, f"{dataset}.u").result()
    client.query_and_wait(f"update {dataset}.u set a = a + 10 where true")
    truncate = CopyJobConfig(write_disposition="WRITE_TRUNCATE")
    job = client.copy_table(f"{source}$20250102", f"{dataset}.u$20250102", job_config=truncate)
    job.result()
    assert sorted(row[1] for row in rows_of(client, f"{dataset}.u")) == [2, 11]
    append = CopyJobConfig(write_disposition="WRITE_APPEND")
    client.copy_table([source, source], f"{dataset}.u", job_config=append).result()
    assert client.get_table(f"{dataset}.u").num_rows == 6
    with pytest.raises(exceptions.BadRequest, match="different partitions"):
        client.copy_table(source, f"{dataset}.u$20250102", job_config=append).result()
    clone = CopyJobConfig(operation_type="CLONE")
    with pytest.raises(exceptions.MethodNotImplemented):
        client.copy_table(source, f"{dataset}.v", job_config=clone).result()


def test_a_job_id_is_used_once_and_its_result_stays(client, dataset):
    config = LoadJobConfig(schema=A)

    def load():
        file = io.BytesIO(b"1\n2\n")
        return client.load_table_from_file(file, f"{dataset}.t", job_id="once", job_config=config)

    assert load().result().output_rows == 2
    with pytest.raises(exceptions.Conflict, match="Already Exists: Job"):
        load()
    assert client.get_job("once").result().output_rows == 2
    assert client.get_table(f"{dataset}.t").num_rows == 2
    client.query("select nothing", job_id="wrong", job_retry=None)
    with pytest.raises(exceptions.Conflict):
        client._connection.api_request(
            method="POST", path=f"/projects/{client.project}/jobs", data={
                "jobReference": {"projectId": client.project, "jobId": "wrong"},
                "configuration": {"query": {"query": "select 1", "useLegacySql": False}},
            },
        )  # fmt: skip


def test_labels_and_limits_are_read_back_and_the_limit_holds(client, dataset):
    client.query_and_wait(f"create table {dataset}.t as select 1 as a")
    config = QueryJobConfig(labels={"app": "twinledger", "step": "query"})
    config.maximum_bytes_billed = 10 << 20
    sql = f"select count(*) from {dataset}.t"
    job = client.query(sql, job_config=config)
    job.result()
    found = client.get_job(job.job_id)
    assert found.labels == {"app": "twinledger", "step": "query"}
    assert found.maximum_bytes_billed == 10 << 20
    assert (found.total_bytes_processed, found.total_bytes_billed) == (8, 10 << 20)
    assert [table.table_id for table in found.referenced_tables] == ["t"]
    config.maximum_bytes_billed = (10 << 20) - 1
    job = client.query(f"delete from {dataset}.t where true", job_config=config)
    with pytest.raises(exceptions.GoogleAPICallError, match="10485760 or higher required"):
        job.result()
    assert job.error_result["reason"] == "bytesBilledLimitExceeded"
    assert client.get_table(f"{dataset}.t").num_rows == 1


def test_parameters_of_every_form(client):
    named = [
        ScalarQueryParameter("n", "NUMERIC", Decimal("1.5")),
        ScalarQueryParameter("t", "TIMESTAMP", dt.datetime(2025, 1, 1, tzinfo=dt.UTC)),
        ScalarQueryParameter("s", "STRING", "o'k"),
        ScalarQueryParameter("nil", "DATE", None),
        ArrayQueryParameter("list", "INT64", [1, 2]),
    ]
    sql = "select @n * 2, @t, @s, @nil, (select sum(x) from unnest(@list) as x)"
    config = QueryJobConfig(query_parameters=named)
    moment = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    for rows in (
        client.query(sql, job_config=config).result(),
        client.query_and_wait(sql, job_config=config),
    ):
        assert [tuple(row) for row in rows] == [(Decimal(3), moment, "o'k", None, 3)]
    positional = [ScalarQueryParameter(None, "INT64", 40), ScalarQueryParameter(None, "INT64", 2)]
    config = QueryJobConfig(query_parameters=positional)
    assert next(iter(client.query_and_wait("select ? + ?", job_config=config)))[0] == 42


def test_a_dry_run_types_and_counts_and_does_nothing(client, dataset):
    client.query_and_wait(f"create table {dataset}.t as select 1 as a")
    config = QueryJobConfig(dry_run=True)
    job = client.query(f"select a, a > 0 as b from {dataset}.t", job_config=config)
    assert job.total_bytes_processed == 8
    assert [field.field_type for field in job.schema] == ["INTEGER", "BOOLEAN"]
    client.query(f"drop table {dataset}.t", job_config=config)
    assert client.get_table(f"{dataset}.t").num_rows == 1
    with pytest.raises(exceptions.BadRequest):
        client.query("select nothing", job_config=config)


def test_a_destination_takes_the_rows_of_a_query(client, dataset):
    config = QueryJobConfig(destination=f"{client.project}.{dataset}.t")
    config.time_partitioning = TimePartitioning(field="d")
    config.write_disposition = "WRITE_TRUNCATE"
    client.query("select date '2025-01-01' as d", job_config=config).result()
    assert client.get_table(f"{dataset}.t").time_partitioning.field == "d"
    config.write_disposition = "WRITE_EMPTY"
    with pytest.raises(exceptions.Conflict):
        client.query("select date '2025-01-01' as d", job_config=config).result()
