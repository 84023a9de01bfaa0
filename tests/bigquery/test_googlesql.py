"""The engine below the statements: values, types, analysis and execution by GoogleSQL itself."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal
from pathlib import Path

import pytest

pytest.importorskip("zetasql", reason="GoogleSQL is not installed")

from zetasql.wasi import get_wasm_path

from tests.bigquery.server import googlesql, planner, trees
from tests.bigquery.server.dialect import Constant, Source
from tests.bigquery.server.errors import BigQueryError
from tests.bigquery.server.types import Field, Type
from tests.bigquery.server.values import Rows
from tests.bigquery.server.wasm import INSTANCES, compiled_path

UTC = dt.UTC
# A value of each type, and its like at an edge.
VALUES = {
    "INT64": (0, -(2**63), 2**63 - 1),
    "FLOAT64": (0.1, -1e300, 5e-324, -2.5),
    "STRING": ("", "naïve ✓", "a\nb'\"\\"),
    "BOOL": (True, False),
    "BYTES": (b"", b"\x00\xff"),
    "NUMERIC": (Decimal("0.000000001"), Decimal("-99999999999999999999999999999.999999999")),
    "BIGNUMERIC": (Decimal("1e-38"), Decimal("-1.5"), Decimal(128), Decimal(-128)),
    "DATE": (dt.date(1, 1, 1), dt.date(9999, 12, 31)),
    "TIMESTAMP": (
        dt.datetime(1, 1, 1, tzinfo=UTC),
        dt.datetime(2026, 3, 4, 5, 6, 7, 891234, tzinfo=UTC),
        dt.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ),
    "DATETIME": (dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)),
    "TIME": (dt.time(0, 0), dt.time(23, 59, 59, 999999)),
    "JSON": ('{"a":[1,null]}',),
}


def table(name, columns, rows):
    fields = tuple(Field(column, type_) for column, type_ in columns.items())
    return Source(name, fields, Rows.of([field.type for field in fields], rows))


@pytest.mark.parametrize("kind", VALUES)
def test_values_go_in_and_out_unchanged(kind):
    rows = [(value,) for value in (*VALUES[kind], None)]
    fields, answer = googlesql.execute("select x from t", [table("t", {"x": Type(kind)}, rows)])
    assert fields == [Field("x", Type(kind))]
    assert answer.values == rows


@pytest.mark.parametrize("kind", sorted(set(VALUES) - {"JSON"}))
def test_values_mean_to_googlesql_what_they_mean_here(kind):
    """Encoding and decoding could be wrong in one way: GoogleSQL's text of a value is the judge."""
    value = VALUES[kind][-1]
    text = {
        "BYTES": "to_hex(x)",
        "TIMESTAMP": "format_timestamp('%F %H:%M:%E6S', x)",
        "DATETIME": "format_datetime('%F %H:%M:%E6S', x)",
        "TIME": "format_time('%H:%M:%E6S', x)",
    }.get(kind, "cast(x as string)")
    expected = {
        "BOOL": "false",
        "BYTES": "00ff",
        "TIMESTAMP": "1969-12-31 23:59:59.999999",
        "DATETIME": "9999-12-31 23:59:59.999999",
    }.get(kind, str(value))
    source = table("t", {"x": Type(kind)}, [(value,)])
    _, answer = googlesql.execute(f"select {text} from t", [source])
    assert answer.values == [(expected,)]


def test_arrays_and_structs_go_in_and_out():
    struct = Type("STRUCT", members=(("a", Type("INT64")), ("b", Type("STRING"))))
    rows = [([(1, "x"), None, (None, None)],), ([],)]
    source = table("t", {"x": Type("ARRAY", struct)}, rows)
    fields, answer = googlesql.execute("select x from t", [source])
    assert fields[0].type == Type("ARRAY", struct)
    assert answer.values == rows


def test_too_many_decimals_are_not_cut_in_silence():
    with pytest.raises(ValueError, match="decimals"):
        table("t", {"x": Type("NUMERIC")}, [(Decimal("1e-10"),)]).rows.encoded  # noqa: B018


def test_rows_are_taken_joined_and_numbered_encoded_as_well_as_not():
    types = [Type("INT64"), Type("STRING")]
    plain = Rows.of(types, [(1, "a"), (2, "b"), (3, None)])
    encoded = Rows(types, None, plain.encoded, 3)
    for rows in (plain, encoded):
        assert rows.take([2, 0]).values == [(3, None), (1, "a")]
        assert rows.plus(rows.take([1])).values == [(1, "a"), (2, "b"), (3, None), (2, "b")]
        assert rows.numbered().values == [(1, "a", 0), (2, "b", 1), (3, None, 2)]
    assert Rows.none().plus(plain).values == plain.values
    assert encoded.take([]).values == []


def test_parameters_and_variables():
    held = {
        "@day": Constant(Type("DATE"), dt.date(2026, 1, 2)),
        "many": Constant(Type("ARRAY", Type("INT64")), [1, 2]),
    }
    _, answer = googlesql.execute("select @day, x from unnest(many) as x order by x", [], held)
    assert answer.values == [(dt.date(2026, 1, 2), 1), (dt.date(2026, 1, 2), 2)]


def test_columns_without_a_name_are_counted():
    fields, _ = googlesql.execute("select 1, 2 as b, 3")
    assert [field.name for field in fields] == ["f0_", "b", "f1_"]


@pytest.mark.parametrize(
    ("sql", "code", "message"),
    [
        ("select x", 400, "Unrecognized name: x"),
        ("selec 1", 400, "Syntax error"),
        ("select 1 / 0", 400, "division by zero"),
        ("select hll_count.extract(b'')", 501, "Not implemented by the test server"),
        ("select normalize_and_casefold('é', nfkc)", 501, "Not implemented by the test server"),
    ],
)
def test_errors(sql, code, message):
    """What only the executor lacks is no fault of the statement."""
    with pytest.raises(BigQueryError, match=message) as raised:
        googlesql.execute(sql)
    assert raised.value.code == code


def test_analysis_is_kept_until_a_column_changes():
    ints = table("t", {"x": Type("INT64")}, [])
    first = googlesql.analyze("select x from t", [ints])
    assert googlesql.analyze("select x from t", [ints]) is first
    texts = table("t", {"x": Type("STRING")}, [])
    changed = googlesql.analyze("select x from t", [texts])
    assert [f.type.kind for f in googlesql.query_fields(changed)] == ["STRING"]


def test_edits_count_bytes():
    sql = "select 'é' as a, b from t"
    tree = googlesql.parse(sql)
    path = next(node for node in trees.walk(tree) if trees.kind(node) == "ASTPathExpression")
    assert trees.text(sql, path) == "b"
    edit = trees.Edit(*trees.span(path), "ccc")
    assert trees.splice(sql, [edit]) == "select 'é' as a, ccc from t"


def test_two_threads_ask_at_once():
    """An instance is one caller's: answers do not mix."""
    answers: dict[int, list[int]] = {}

    def ask(number):
        asked = (googlesql.execute(f"select {number} + {turn}")[1] for turn in range(10))
        answers[number] = [rows.values[0][0] for rows in asked]

    threads = [threading.Thread(target=ask, args=(number,)) for number in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: list(range(number, number + 10)) for number in (0, 100, 200)}


def test_the_compiled_module_is_kept():
    with INSTANCES.one():
        pass
    assert compiled_path(Path(get_wasm_path())).exists()


def test_long_expressions_come_through():
    """Their analysis nests more messages than protobuf reads by default."""
    levels = 60
    cases = "case when true then " * levels + "1" + " end" * levels
    analyzed = googlesql.analyze(f"select {cases} as x")
    assert googlesql.query_fields(analyzed) == [Field("x", Type("INT64"))]
    assert len(list(planner.walk(analyzed))) > levels * 3
