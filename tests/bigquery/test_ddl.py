"""CREATE, ALTER and DROP: what they keep, and the layouts that cannot be."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

pytest.importorskip("zetasql", reason="GoogleSQL is not installed")

from tests.bigquery.local import filled
from tests.bigquery.server.errors import BigQueryError
from tests.bigquery.server.store import Ref


@pytest.fixture
def server():
    return filled()


ALL = "select * from d.t order by id"


def test_create_keeps_types_descriptions_and_layout(server):
    server.run(
        "create table d.n (day date not null options(description='when'), price numeric(10, 2), "
        "label string(3), primary key (day) not enforced) "
        "partition by date_trunc(day, month) cluster by label, day "
        "options(description='prices', labels=[('a', 'b')], partition_expiration_days=2, "
        "expiration_timestamp=timestamp '2030-01-01 00:00:00+00')"
    )
    table = server.table("n")
    assert [(f.name, f.type.sql, f.mode, f.description) for f in table.fields] == [
        ("day", "DATE", "REQUIRED", "when"),
        ("price", "NUMERIC(10, 2)", "NULLABLE", None),
        ("label", "STRING(3)", "NULLABLE", None),
    ]
    assert table.time_partitioning == {"type": "MONTH", "field": "day", "expirationMs": "172800000"}
    assert (table.clustering, table.labels) == (("label", "day"), {"a": "b"})
    assert (table.description, table.primary_key) == ("prices", ("day",))
    assert table.expires == dt.datetime(2030, 1, 1, tzinfo=dt.UTC).timestamp() * 1000
    server.run("insert into d.n values (date '2026-01-01', 1.005, 'abc')")
    assert server.rows("select price from d.n") == [(Decimal("1.01"),)]
    server.refuses("insert into d.n values (date '2026-01-01', 1, 'abcd')", "(?i)length|long")


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("partition by d", {"type": "DAY", "field": "d"}),
        ("partition by date(ts)", {"type": "DAY", "field": "ts"}),
        ("partition by timestamp_trunc(ts, hour)", {"type": "HOUR", "field": "ts"}),
        ("partition by datetime_trunc(dt, year)", {"type": "YEAR", "field": "dt"}),
        ("partition by _PARTITIONDATE", {"type": "DAY"}),
    ],
)
def test_time_partitions(server, clause, expected):
    server.run(f"create table d.n (d date, ts timestamp, dt datetime) {clause}")
    assert server.table("n").time_partitioning == expected


@pytest.mark.parametrize(
    "clause",
    [
        "partition by ts",
        "partition by timestamp_trunc(ts, week)",
        "partition by date_trunc(d, hour)",
        "partition by s",
        "partition by d, ts",
        "partition by extract(year from d)",
        "cluster by f",
        "cluster by s, d, ts, i, dt",
        "options(require_partition_filter=true)",
        "options(descriptoin='x')",
    ],
)
def test_layouts_that_cannot_be(server, clause):
    columns = "d date, ts timestamp, dt datetime, s string, i int64, f float64"
    with pytest.raises(BigQueryError) as raised:
        server.run(f"create table d.n ({columns}) {clause}")
    assert raised.value.code == 400
    assert Ref("p", "d", "n") not in server.store.tables


def test_replacing_keeps_the_kind_and_the_layout(server):
    server.run("create table d.n (d date, s string) partition by d cluster by s")
    server.refuses("create table d.n (d date)", "Already Exists", 409)
    server.refuses("create or replace table d.n (d date)", "different partitioning")
    server.refuses("create or replace table d.n (d date) partition by d", "different clustering")
    server.refuses("create or replace view d.n as select 1 as x", "cannot replace")
    server.run("create table if not exists d.n (other int64)")
    assert len(server.table("n").fields) == 2


def test_copies_are_apart_from_their_source(server):
    server.run("alter table d.t set options(description='kept')")
    for verb in ("clone", "copy", "like"):
        server.run(f"create table d.by_{verb} {verb} d.t")
    server.run("delete from d.t where id < 3")
    counts = [len(server.table(f"by_{verb}").rows) for verb in ("clone", "copy", "like")]
    assert counts == [3, 3, 0]
    assert server.table("by_clone").description == "kept"
    assert server.table("by_like").fields == server.table("t").fields


def test_alter_table(server):
    server.run("alter table d.t add column extra array<string> options(description='x')")
    assert server.rows(ALL)[0] == (1, "a", [])
    server.run("alter table d.t drop column name, alter column id drop not null")
    server.run("alter table d.t alter column id set options(description='the id')")
    server.run("alter table d.t alter column id set data type numeric")
    field = server.table("t").fields[0]
    assert (field.type.kind, field.mode, field.description) == ("NUMERIC", "NULLABLE", "the id")
    assert server.rows("select id from d.t order by id")[0] == (Decimal(1),)
    server.run("alter table d.t rename column id to key")
    server.run("alter table d.t rename to u")
    assert [f.name for f in server.table("u").fields] == ["key", "extra"]
    server.refuses("alter table d.u add column n int64 not null", "required")
    server.refuses("alter table d.u alter column key set data type string", "assignable")


def test_drop(server):
    server.run("create view d.v as select 1 as x")
    server.refuses("drop table d.v", "its type is VIEW")
    server.refuses("drop schema d", "still in use")
    server.run("drop view d.v; drop table d.t; drop table if exists d.t")
    server.refuses("drop table d.t", "Not found", 404)
    server.run("drop schema d")
    assert not server.store.datasets


def test_null_arrays_become_empty_and_required_columns_hold_values(server):
    server.run("create table d.a as select cast(null as array<int64>) as xs")
    assert server.table("a").rows.values == [([],)]
    server.refuses("insert into d.t (name) values ('x')", "Required field id cannot be null")
    server.refuses("update d.t set id = null where id = 1", "Required field id cannot be null")
