"""Datasets, tables, rows and errors over REST, with Google's own client unmodified."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from google.api_core import exceptions
from google.cloud.bigquery import (
    Dataset,
    LoadJobConfig,
    SchemaField,
    Table,
    TimePartitioning,
    TimePartitioningType,
)

JSON = dict[str, Any]


def call(bigquery, method: str, path: str, body: JSON | None = None) -> tuple[int, JSON]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    address = f"{bigquery.endpoint}/bigquery/v2/projects/{bigquery.project}{path}"
    try:
        with urlopen(Request(address, data, headers, method=method)) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except HTTPError as error:
        return error.code, json.loads(error.read())


def test_a_dataset_is_made_changed_listed_and_dropped(client, bigquery):
    made = Dataset(f"{bigquery.project}.made")
    made.labels, made.description, made.location = {"app": "x"}, "first", "EU"
    made = client.create_dataset(made)
    with pytest.raises(exceptions.Conflict, match="Already Exists"):
        client.create_dataset("made")
    assert (made.location, made.labels) == ("EU", {"app": "x"})
    stale = client.get_dataset("made")
    made.description, made.labels = "second", {"app": None, "step": "y"}
    client.update_dataset(made, ["description", "labels"])
    found = client.get_dataset("made")
    assert (found.description, found.labels, found.location) == ("second", {"step": "y"}, "EU")
    stale.description = "third"
    with pytest.raises(exceptions.PreconditionFailed):
        client.update_dataset(stale, ["description"])
    assert "made" in [item.dataset_id for item in client.list_datasets(page_size=1)]
    client.create_table(Table(f"{bigquery.project}.made.t", [SchemaField("a", "INT64")]))
    with pytest.raises(exceptions.BadRequest, match="still in use"):
        client.delete_dataset("made")
    client.delete_dataset("made", delete_contents=True)
    with pytest.raises(exceptions.NotFound):
        client.get_dataset("made")


def test_a_table_keeps_what_it_was_made_with(client, bigquery, dataset):
    wanted = Table(
        f"{bigquery.project}.{dataset}.t",
        [
            SchemaField("day", "DATE", "REQUIRED", description="the day"),
            SchemaField("tags", "RECORD", "REPEATED", fields=[SchemaField("k", "STRING")]),
            SchemaField("price", "NUMERIC", precision=10, scale=2),
        ],
    )
    wanted.time_partitioning = TimePartitioning(TimePartitioningType.MONTH, "day")
    wanted.require_partition_filter = True
    wanted.clustering_fields = ["price"]
    wanted.description, wanted.labels = "what it is", {"layer": "lake"}
    client.create_table(wanted)
    found = client.get_table(wanted.reference)
    assert found.schema == wanted.schema
    assert (found.description, found.labels) == ("what it is", {"layer": "lake"})
    assert found.clustering_fields == ["price"] and found.require_partition_filter
    assert (found.time_partitioning.type_, found.time_partitioning.field) == ("MONTH", "day")
    assert (found.table_type, found.num_rows) == ("TABLE", 0)
    with pytest.raises(exceptions.Conflict, match="Already Exists"):
        client.create_table(wanted)
    with pytest.raises(exceptions.BadRequest, match="without a filter"):
        client.query_and_wait(f"select * from {dataset}.t")


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ({"timePartitioning": {"type": "HOUR", "field": "day"}}, "has type DATE"),
        ({"timePartitioning": {"type": "DAY", "field": "none"}}, "none"),
        ({"clustering": {"fields": ["tags"]}}, "Clustering by tags"),
        ({"clustering": {"fields": list("abcde")}}, "maximum of 4"),
        ({"requirePartitionFilter": True}, "needs a partitioned table"),
    ],
)
def test_a_layout_that_bigquery_refuses_is_refused(bigquery, dataset, layout, message):
    columns = [{"name": "day", "type": "DATE"}, {"name": "tags", "type": "JSON"}]
    body = {"tableReference": {"tableId": "t"}, "schema": {"fields": columns}, **layout}
    status, answer = call(bigquery, "POST", f"/datasets/{dataset}/tables", body)
    assert status == 400 and message in answer["error"]["message"]


def test_columns_are_added_and_relaxed_and_never_lost_or_changed(client, bigquery, dataset):
    client.query_and_wait(f"create table {dataset}.t (a int64 not null) as select 1 as a")
    table = client.get_table(f"{dataset}.t")
    table.schema = [SchemaField("a", "INT64"), SchemaField("b", "STRING", "REPEATED")]
    client.update_table(table, ["schema"])
    assert [row.values() for row in client.list_rows(f"{dataset}.t")] == [(1, [])]
    table = client.get_table(f"{dataset}.t")
    for schema, message in (
        ([SchemaField("b", "STRING", "REPEATED")], "missing in new schema"),
        ([SchemaField("a", "STRING"), table.schema[1]], "changed type"),
        ([SchemaField("a", "INT64", "REQUIRED"), table.schema[1]], "NULLABLE to REQUIRED"),
        ([*table.schema, SchemaField("c", "INT64", "REQUIRED")], "Cannot add required"),
    ):
        table.schema = schema
        with pytest.raises(exceptions.BadRequest, match=message):
            client.update_table(table, ["schema"])


def test_a_view_is_made_over_rest_and_type_checked(client, bigquery, dataset):
    view = Table(f"{bigquery.project}.{dataset}.v")
    view.view_query = "select 1 as a, 'x' as b"
    client.create_table(view)
    found = client.get_table(view.reference)
    assert (found.table_type, found.view_query) == ("VIEW", "select 1 as a, 'x' as b")
    assert [field.field_type for field in found.schema] == ["INTEGER", "STRING"]
    assert [tuple(row) for row in client.query_and_wait(f"select * from {dataset}.v")] == [(1, "x")]
    with pytest.raises(exceptions.BadRequest, match="Cannot list"):
        list(client.list_rows(found))
    wrong = Table(f"{bigquery.project}.{dataset}.w")
    wrong.view_query = "select nothing from unnest([1]) as a"
    with pytest.raises(exceptions.BadRequest, match="nothing"):
        client.create_table(wrong)
    assert [item.table_id for item in client.list_tables(dataset)] == ["v"]


VALUES = """
select
    9223372036854775807 as i, -0.1 as f, 'ä"\\n' as s, b'\\x00\\xff' as y, true as b,
    numeric '-99999999999999999999999999999.999999999' as n, numeric '0' as zero,
    bignumeric '0.00000000000000000000000000000000000001' as bn,
    date '0001-01-01' as d, timestamp '1969-12-31 23:59:59.999999+00' as ts,
    datetime '2024-02-29 01:02:03.4' as dtm, time '23:59:59.000001' as tm, json '{"a": [1]}' as j,
    [1, 2] as arr, array<string>[] as none, struct(1 as x, [struct('q' as z)] as w) as st,
    cast(null as date) as nil, cast('inf' as float64) as inf
"""


def test_every_type_comes_back_as_it_went_in(client, dataset):
    client.query_and_wait(f"create table {dataset}.t as {VALUES}")
    expected = {
        "i": 2**63 - 1,
        "f": -0.1,
        "s": 'ä"\n',
        "y": b"\x00\xff",
        "b": True,
        "n": Decimal("-99999999999999999999999999999.999999999"),
        "zero": Decimal(0),
        "bn": Decimal("1e-38"),
        "d": dt.date(1, 1, 1),
        "ts": dt.datetime(1969, 12, 31, 23, 59, 59, 999999, dt.UTC),
        "dtm": dt.datetime(2024, 2, 29, 1, 2, 3, 400000),
        "tm": dt.time(23, 59, 59, 1),
        "j": {"a": [1]},
        "arr": [1, 2],
        "none": [],
        "st": {"x": 1, "w": [{"z": "q"}]},
        "nil": None,
        "inf": float("inf"),
    }
    for rows in (client.query_and_wait(VALUES), client.list_rows(f"{dataset}.t")):
        assert [dict(row) for row in rows] == [expected]


@pytest.mark.parametrize("page", [1, 3, 7, 100])
def test_pages_are_the_whole_whatever_their_size(client, dataset, page):
    sql = "select x from unnest(generate_array(1, 7)) as x order by x"
    client.query_and_wait(f"create table {dataset}.t as {sql}")
    wanted = list(range(1, 8))
    job = client.query(sql)
    assert [row.x for row in job.result(page_size=page)] == wanted
    assert [row.x for row in client.query_and_wait(sql, page_size=page)] == wanted
    assert sorted(row.x for row in client.list_rows(f"{dataset}.t", page_size=page)) == wanted
    assert [row.x for row in client.get_job(job.job_id).result(start_index=5)] == [6, 7]
    assert [row.x for row in client.list_rows(job.destination)] == wanted


def test_no_rows_are_sent_where_none_are_asked_for(bigquery, client):
    job = client.query("select 1 as a")
    job.result()
    _, answer = call(bigquery, "GET", f"/queries/{job.job_id}?maxResults=0")
    assert answer["totalRows"] == "1" and "rows" not in answer


def test_picked_columns_come_alone(client, dataset):
    client.query_and_wait(f"create table {dataset}.t as select 1 as a, 'x' as b, 2.5 as c")
    picked = client.list_rows(f"{dataset}.t", selected_fields=[SchemaField("b", "STRING")])
    assert [dict(row) for row in picked] == [{"b": "x"}]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/models"),
        ("POST", "/datasets/d/tables/t/insertAll"),
        ("POST", "/datasets/d/tables/t:getIamPolicy"),
        ("POST", "/datasets/d/routines"),
        ("DELETE", "/jobs/x/delete"),
    ],
)
def test_what_is_missing_says_so_by_name(bigquery, method, path):
    status, answer = call(bigquery, method, path, {} if method == "POST" else None)
    assert status == 501
    assert answer["error"]["errors"][0]["reason"] == "notImplemented"
    assert method in answer["error"]["message"] and path in answer["error"]["message"]


@pytest.mark.parametrize(
    "configuration",
    [
        {"query": {"query": "select 1"}},  # legacy SQL is the API's default
        {"query": {"query": "select 1", "useLegacySql": False, "createSession": True}},
        {"query": {"query": "select 1", "useLegacySql": False, "tableDefinitions": {"x": {}}}},
        {"extract": {"destinationUris": ["gs://lake/x"]}},
        {"load": {"destinationTable": {}, "sourceFormat": "CSV", "projectionFields": ["a"]}},
    ],
)
def test_a_job_property_that_would_be_dropped_is_refused(bigquery, configuration):
    status, answer = call(bigquery, "POST", "/jobs", {"configuration": configuration})
    if "load" in configuration:  # a job's own property: the job says it
        status, answer = 501, {"error": answer["status"]["errorResult"]}
        assert answer["error"]["reason"] == "notImplemented"
    assert status == 501
    assert "Not implemented" in answer["error"]["message"]


def test_a_query_that_is_wrong_is_a_bad_request_with_bigquerys_words(client, dataset):
    with pytest.raises(exceptions.BadRequest, match="Unrecognized name: nothing"):
        client.query_and_wait("select nothing")
    with pytest.raises(exceptions.NotFound, match=r"Not found: Table .*absent"):
        client.query_and_wait(f"select * from {dataset}.absent")


def test_load_config_defaults_are_googles(client, dataset):
    """WRITE_APPEND and CREATE_IF_NEEDED, as the API's reference says."""
    config = LoadJobConfig(
        schema=[SchemaField("a", "INT64")], source_format="NEWLINE_DELIMITED_JSON"
    )
    for _ in range(2):
        client.load_table_from_json([{"a": 1}], f"{dataset}.t", job_config=config).result()
    assert client.get_table(f"{dataset}.t").num_rows == 2
