"""Load jobs: CSV, JSON and Parquet, from uploads and from gs:// addresses."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.api_core import exceptions
from google.cloud.bigquery import LoadJobConfig, SchemaField, TimePartitioning

A = [SchemaField("a", "INT64")]
AB = [*A, SchemaField("b", "STRING")]


def rows_of(client, table):
    return [tuple(row) for row in client.list_rows(table)]


def load_csv(client, table, text, schema=AB, **options):
    config = LoadJobConfig(schema=schema, **options)
    return client.load_table_from_file(io.BytesIO(text.encode()), table, job_config=config).result()


def load_parquet(client, table, content, **options):
    config = LoadJobConfig(source_format="PARQUET", **options)
    return client.load_table_from_file(parquet(content), table, job_config=config).result()


def parquet(content: pa.Table) -> io.BytesIO:
    file = io.BytesIO()
    pq.write_table(content, file)
    file.seek(0)
    return file


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("1,x\n2,y", {}, [(1, "x"), (2, "y")]),
        ('1,\n2,""\n', {}, [(1, None), (2, "")]),  # nothing is null, quoted nothing is not
        ('1,"a ""b"", c"\r\n\r\n2,d\r\n', {}, [(1, 'a "b", c'), (2, "d")]),
        ("\ufeffa,b\n1,x\n", {"skip_leading_rows": 1}, [(1, "x")]),
        ("1|x\n", {"field_delimiter": "|"}, [(1, "x")]),
        ('1,"l1\nl2"\n', {"allow_quoted_newlines": True}, [(1, "l1\nl2")]),
        ('\\N,\n1,\\N\n2,"\\N"\n', {"null_marker": "\\N"}, [(None, ""), (1, None), (2, "\\N")]),
        ("1\n", {"allow_jagged_rows": True}, [(1, None)]),
        ("1,x,more\n", {"ignore_unknown_values": True}, [(1, "x")]),
        ("1,'x\n", {"quote_character": ""}, [(1, "'x")]),
    ],
)
def test_csv_is_read_by_bigquerys_rules(client, dataset, text, options, expected):
    load_csv(client, f"{dataset}.t", text, write_disposition="WRITE_TRUNCATE", **options)
    assert rows_of(client, f"{dataset}.t") == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\n", "only 1 of 2 columns"),
        ("1,x,y\n", "Too many values"),
        ("x,1\n", "Could not parse 'x' as INT64"),
        ("1.0,1\n", "Could not parse '1.0' as INT64"),
        ("9223372036854775808,1\n", "Could not parse"),
        ('1,"l1\nl2"\n', "Missing close quote"),
        ('1,"x"y\n', "Data between close quote"),
        ('1,"x', "Missing close quote"),
    ],
)
def test_csv_that_bigquery_refuses_loads_nothing(client, dataset, text, message):
    with pytest.raises(exceptions.BadRequest, match=message):
        load_csv(client, f"{dataset}.t", "7,good\n" + text)
    with pytest.raises(exceptions.NotFound):
        client.get_table(f"{dataset}.t")


def test_every_type_is_read_from_text(client, dataset):
    kinds = ["BOOL", "NUMERIC", "FLOAT64", "DATE", "TIMESTAMP", "DATETIME", "TIME", "BYTES"]
    schema = [SchemaField(f"c{i}", kind) for i, kind in enumerate(kinds)]
    texts = ["yes", "1.0000000005", "1e3", "2024-02-29", "2024-01-01T00:00:00.5+02:00"]
    texts += ["2024-01-01 10:11:12", "23:59:59.000001", "/w=="]
    expected = (
        True,
        Decimal("1.000000001"),
        1000.0,
        dt.date(2024, 2, 29),
        dt.datetime(2023, 12, 31, 22, 0, 0, 500000, dt.UTC),
        dt.datetime(2024, 1, 1, 10, 11, 12),
        dt.time(23, 59, 59, 1),
        b"\xff",
    )
    load_csv(client, f"{dataset}.csv", ",".join(texts), schema)
    assert rows_of(client, f"{dataset}.csv") == [expected]
    record = {f"c{i}": text for i, text in enumerate(texts)}
    config = LoadJobConfig(schema=schema)
    client.load_table_from_json([record], f"{dataset}.json", job_config=config).result()
    assert rows_of(client, f"{dataset}.json") == [expected]


def test_json_keeps_structure_and_refuses_unknown_members(client, dataset):
    schema = [
        SchemaField("tags", "RECORD", "REPEATED", fields=[SchemaField("k", "STRING")]),
        SchemaField("doc", "JSON"),
    ]
    config = LoadJobConfig(schema=schema)
    table = f"{dataset}.t"
    good = [{"tags": [{"k": "x"}, {}], "doc": {"a": [1, 2.5]}}, {}]
    client.load_table_from_json(good, table, job_config=config).result()
    assert rows_of(client, table) == [([{"k": "x"}, {"k": None}], {"a": [1, 2.5]}), ([], None)]
    with pytest.raises(exceptions.BadRequest, match="No such field: other"):
        client.load_table_from_json([{"other": 1}], table, job_config=config).result()


# Parquet

MOMENT = dt.datetime(2025, 3, 4, 5, 6, 7, 890)
TYPED = pa.table(
    {
        "i": pa.array([1, None], pa.int32()),
        "f": pa.array([0.5, None], pa.float32()),
        "n": pa.array([Decimal("1.5"), None], pa.decimal128(38, 9)),
        "bn": pa.array([Decimal("1.5"), None], pa.decimal128(38, 18)),
        "adjusted": pa.array([MOMENT, None], pa.timestamp("us", "UTC")),
        "local": pa.array([MOMENT, None], pa.timestamp("us")),
        "d": pa.array([dt.date(2025, 1, 1), None], pa.date32()),
        "s": pa.array(["ä", None]),
        "y": pa.array([b"\0", None]),
        "b": pa.array([True, None]),
        "st": pa.array([{"x": 1}, None], pa.struct([("x", pa.int64())])),
    }
)


def test_parquet_types_are_googles(client, dataset):
    load_parquet(client, f"{dataset}.t", TYPED)
    table = client.get_table(f"{dataset}.t")
    assert {field.name: field.field_type for field in table.schema} == {
        "i": "INTEGER", "f": "FLOAT", "n": "NUMERIC", "bn": "BIGNUMERIC",
        "adjusted": "TIMESTAMP", "local": "DATETIME", "d": "DATE", "s": "STRING", "y": "BYTES",
        "b": "BOOLEAN", "st": "RECORD",
    }  # fmt: skip
    number, moment = Decimal("1.5"), MOMENT.replace(tzinfo=dt.UTC)
    assert rows_of(client, table) == [
        (1, 0.5, number, number, moment, MOMENT, dt.date(2025, 1, 1), "ä", b"\0", True, {"x": 1}),
        (None,) * 11,
    ]


@pytest.mark.parametrize(
    ("precision", "scale", "targets", "kind"),
    [
        (38, 9, None, "NUMERIC"),
        (38, 10, None, "BIGNUMERIC"),
        (39, 9, None, "BIGNUMERIC"),
        (38, 9, ["BIGNUMERIC"], "BIGNUMERIC"),
        (38, 9, ["STRING"], "STRING"),
        (38, 10, ["NUMERIC"], None),
        (38, 10, ["NUMERIC", "STRING"], "STRING"),
    ],
)
def test_a_decimal_goes_to_the_first_target_that_holds_it(
    client, dataset, precision, scale, targets, kind
):
    make = pa.decimal128 if precision <= 38 else pa.decimal256
    content = pa.table({"n": pa.array([Decimal("1.25")], make(precision, scale))})
    options = {"decimal_target_types": targets, "write_disposition": "WRITE_TRUNCATE"}
    if kind is None:
        with pytest.raises(exceptions.BadRequest, match="fits none"):
            load_parquet(client, f"{dataset}.t", content, **options)
        return
    load_parquet(client, f"{dataset}.t", content, **options)
    assert client.get_table(f"{dataset}.t").schema[0].field_type == kind
    assert Decimal(rows_of(client, f"{dataset}.t")[0][0]) == Decimal("1.25")


def test_a_given_schema_decides_where_the_file_leaves_a_choice(client, dataset):
    schema = [SchemaField("local", "TIMESTAMP"), SchemaField("new", "STRING")]
    load_parquet(client, f"{dataset}.t", TYPED.select(["local"]), schema=schema)
    assert rows_of(client, f"{dataset}.t") == [
        (MOMENT.replace(tzinfo=dt.UTC), None),
        (None, None),
    ]
    for name, kind in (("adjusted", "DATETIME"), ("i", "STRING"), ("s", "INT64")):
        schema = [SchemaField(name, kind)]
        with pytest.raises(exceptions.BadRequest, match=f"column '{name}'"):
            load_parquet(client, f"{dataset}.u", TYPED.select([name]), schema=schema)


def test_an_append_adds_columns_only_where_the_job_says_so(client, dataset):
    one, two = pa.table({"a": [1]}), pa.table({"a": [2], "b": ["x"]})
    load_parquet(client, f"{dataset}.t", one)
    with pytest.raises(exceptions.BadRequest, match=r"Cannot add fields \(field: b\)"):
        load_parquet(client, f"{dataset}.t", two)
    load_parquet(client, f"{dataset}.t", two, schema_update_options=["ALLOW_FIELD_ADDITION"])
    with pytest.raises(exceptions.BadRequest, match="changed type from INTEGER to STRING"):
        load_parquet(client, f"{dataset}.t", pa.table({"a": ["x"]}))
    load_parquet(client, f"{dataset}.t", one)
    assert rows_of(client, f"{dataset}.t") == [(1, None), (2, "x"), (1, None)]


def test_dispositions(client, dataset):
    load_csv(client, f"{dataset}.t", "1,x\n", write_disposition="WRITE_EMPTY")
    with pytest.raises(exceptions.Conflict, match="Already Exists"):
        load_csv(client, f"{dataset}.t", "2,y\n", write_disposition="WRITE_EMPTY")
    with pytest.raises(exceptions.NotFound):
        load_csv(client, f"{dataset}.none", "2,y\n", create_disposition="CREATE_NEVER")
    load_csv(client, f"{dataset}.t", "3\n", A, write_disposition="WRITE_TRUNCATE")
    assert rows_of(client, f"{dataset}.t") == [(3,)]


def test_a_partition_decorator_touches_its_partition_alone(client, dataset):
    schema = [SchemaField("day", "DATE"), *A]
    daily = TimePartitioning(field="day")
    table, days = f"{dataset}.t", "2025-01-01,1\n2025-01-02,2\n"
    load_csv(client, table, days, schema, time_partitioning=daily, clustering_fields=["a"])
    whole = {"write_disposition": "WRITE_TRUNCATE"}
    load_csv(client, f"{table}$20250102", "2025-01-02,3\n", schema, **whole)
    first, second = (dt.date(2025, 1, 1), 1), (dt.date(2025, 1, 2), 3)
    assert rows_of(client, table) == [first, second]
    with pytest.raises(exceptions.BadRequest, match="different partitions"):
        load_csv(client, f"{table}$20250102", "2025-01-01,9\n", schema)
    monthly = TimePartitioning(type_="MONTH", field="day")
    with pytest.raises(exceptions.BadRequest, match="Incompatible table partitioning"):
        load_csv(client, table, days, schema, time_partitioning=monthly, **whole)
    assert rows_of(client, table) == [first, second]


# gs://


def test_files_of_a_bucket_are_loaded_by_address_and_by_pattern(client, dataset, storage):
    files = fsspec.filesystem("gcs", **storage.options)
    for part in range(3):
        with files.open(f"{storage.bucket}/{dataset}/day=1/part-{part}.parquet", "wb") as file:
            pq.write_table(pa.table({"a": [part]}), file)
    config = LoadJobConfig(source_format="PARQUET", write_disposition="WRITE_TRUNCATE")
    base = f"gs://{storage.bucket}/{dataset}/day=1"
    one = [f"{base}/part-2.parquet", f"{base}/part-0.parquet"]
    client.load_table_from_uri(one, f"{dataset}.t", job_config=config).result()
    assert rows_of(client, f"{dataset}.t") == [(2,), (0,)]
    job = client.load_table_from_uri(f"{base}/*.parquet", f"{dataset}.t", job_config=config)
    assert (job.result().output_rows, job.input_files) == (3, 3)
    with pytest.raises(exceptions.NotFound):
        client.load_table_from_uri(f"{base}/none*", f"{dataset}.t", job_config=config).result()
    assert client.get_table(f"{dataset}.t").num_rows == 3


def test_an_upload_larger_than_a_chunk_arrives_whole(client, dataset):
    text = "".join(f"{i},{'x' * 90}\n" for i in range(20_000))  # 1.9 MB, resumable: size unknown
    config = LoadJobConfig(schema=AB)
    job = client.load_table_from_file(io.BytesIO(text.encode()), f"{dataset}.t", job_config=config)
    assert job.result().output_rows == 20_000
