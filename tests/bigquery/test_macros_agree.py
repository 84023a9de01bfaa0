"""Macros with a body for each engine give the same, bit by bit, on awkward values."""

from __future__ import annotations

import random
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import duckdb
import jinja2
import pytest

from orchestration.settings import PROJECT_ROOT
from tests.bigquery.server import googlesql
from tests.bigquery.server.dialect import Source
from tests.bigquery.server.types import Field, Type
from tests.bigquery.server.values import Rows

TYPES = {
    "STRING": "varchar",
    "BIGNUMERIC": "decimal(38, 18)",
    "FLOAT64": "double",
    "DATE": "date",
}
GLOBALS = {
    "bigquery": {"money_type": lambda: "bignumeric", "float_type": lambda: "float64"},
    "default": {"money_type": lambda: "decimal(38, 18)", "float_type": lambda: "double"},
}


def rendered(engine: str, macro: str, arguments: tuple[Any, ...]) -> str:
    """The SQL of a macro's body for an engine; macros that it calls come from the same engine."""

    def called(name: str) -> Any:
        return lambda *given: rendered(engine, name, given)

    macros = {file.stem: file for file in (PROJECT_ROOT / "macros").rglob("*.sql")}
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    others = {name: called(name) for name in ("as_money", "hash_text", "string_type")}
    template = environment.from_string(
        macros[macro].read_text(encoding="utf-8"), globals=others | GLOBALS[engine]
    )
    body = getattr(template.module, f"{engine}__{macro}", None) or getattr(
        template.module, f"default__{macro}"
    )
    return str(body(*arguments)).strip()


def both(macro: str, arguments: tuple[Any, ...], columns: dict[str, str], rows: list[Any]) -> Any:
    """The macro over the rows on BigQuery's engine and on DuckDB, in the rows' order."""
    fields = (Field("id", Type("INT64")), *(Field(n, Type(k)) for n, k in columns.items()))
    numbered = [(number, *row) for number, row in enumerate(rows)]
    source = Source("given", fields, Rows.of([f.type for f in fields], numbered))
    sql = rendered("bigquery", macro, arguments)
    _, answer = googlesql.execute(f"select id, {sql} as result from given", [source])
    there = [row[1] for row in sorted(answer)]

    declared = ", ".join(f"{name} {TYPES[kind]}" for name, kind in columns.items())
    marks = ", ".join("?" for _ in (0, *columns))
    with duckdb.connect() as con:
        con.execute(f"create table given (id bigint, {declared})")
        con.executemany(f"insert into given values ({marks})", numbered)
        sql = rendered("default", macro, arguments)
        here = con.execute(f"select {sql} from given order by id").fetchall()
    return there, [row[0] for row in here]


def decimals(count: int) -> Iterable[Decimal]:
    """Money of any size, positive and negative, with up to 18 decimals."""
    source = random.Random(3)
    for _ in range(count):
        digits = 10 ** source.choice([1, 6, 15, 16, 17, 18, 20, 24, 30])
        yield Decimal(source.randrange(-digits, digits)).scaleb(-18)


def test_a_decimal_becomes_the_same_double() -> None:
    rows = [(value,) for value in [*decimals(1500), Decimal(0), None]]
    there, here = both("as_float", ("given.number",), {"number": "BIGNUMERIC"}, rows)

    assert there == here


def test_a_plain_cast_would_not() -> None:
    """Should DuckDB round once some day, as_float's detour for BigQuery can go."""
    with duckdb.connect() as con:
        wrong = [
            value
            for value in decimals(3000)
            if con.execute("select cast(? :: decimal(38, 18) as double)", [str(value)]).fetchall()
            != [(float(value),)]
        ]

    assert wrong


def test_a_double_becomes_the_same_money() -> None:
    source = random.Random(4)
    rows = [(source.uniform(-1, 1) * 10 ** source.randint(-13, 10),) for _ in range(1500)] + [
        (0.5e-12,),
        (-0.5e-12,),
        (0.1,),
        (None,),
    ]
    there, here = both("float_as_money", ("given.number",), {"number": "FLOAT64"}, rows)

    assert there == here


def test_text_macros_agree() -> None:
    texts = ["", " a ", "\u00a0a\u3000", "\ta\n", "A_b%c\\d", "É", "😀 ", None]
    there, here = both("trimmed", ("given.text",), {"text": "STRING"}, [(t,) for t in texts])
    assert there == here

    pairs = [(text, pattern) for text in texts for pattern in ["%", "a\\%", "%\\d", "_", "é", None]]
    columns = {"text": "STRING", "pattern": "STRING"}
    there, here = both("like_pattern", ("given.text", "given.pattern"), columns, pairs)
    assert there == here

    there, here = both("hash_text", ("given.text",), {"text": "STRING"}, [(t,) for t in texts])
    assert there == here

    named = [(text,) for text in [*texts, "gpt-4o, cached input", "a input_x input-y", "É-cached"]]
    for pattern in ["[^a-z0-9]+", "^[^ ]*/", "\\b(cached|inputs?)\\b"]:
        arguments = ("given.text", pattern, " ")
        there, here = both("replace_all", arguments, {"text": "STRING"}, named)
        assert there == here


@pytest.mark.parametrize("macro", ["json_object_or_null", "json_key", "json_tag"])
def test_json_macros_agree(macro: str) -> None:
    objects = [
        *('{"a": "x"}', '{"a": {"b": 1}}', '{"a": [1]}', '{"a": null}', '{"a": true}'),
        *('{"a": 12}', "{}", '{"a": "\\u00e9\\"\\n"}', None),
        '{"n": 0.1234567890123456789012345, "a": "x"}',
    ]
    lists = [
        '["a:x", "b:y"]',
        '["b:a:x"]',
        '["a:"]',
        '["a:\\u00e9 \\"q\\""]',
        '[1, "a:x"]',
        "[]",
        None,
    ]
    given = {
        "json_object_or_null": (("given.text",), [*objects, "[1]", '"x"', "no json", "1"]),
        "json_key": (("given.text", "'a'"), objects),
        "json_tag": (("given.text", "a"), lists),
    }
    arguments, texts = given[macro]
    there, here = both(macro, arguments, {"text": "STRING"}, [(text,) for text in texts])

    assert there == here


NUMBERS = [
    '{"a": 0.08799215300000, "b": [{"c": -1e-7}, {"c": 123456789.123456789012345678}]}',
    '{"a" : null, "b": "x:1", "c": true, "d": "4"}',
    "{}",
    None,
]


def test_numbers_in_json_keep_their_digits() -> None:
    rows = [(text,) for text in NUMBERS]
    there, here = both("json_numbers_as_text", ("given.text",), {"text": "STRING"}, rows)

    assert there == here
    assert here[0] == (
        '{"a": "0.08799215300000", "b": [{"c": "-1e-7"}, {"c": "123456789.123456789012345678"}]}'
    )
    assert here[1:] == NUMBERS[1:]


def test_lists_in_json_have_the_same_elements() -> None:
    texts = ['{"a": [{"n": "1.50"}, {"n": 2}, {}]}', '{"a": []}', '{"a": {"n": 1}}', "{}", None]
    found = {}
    for engine, unnested in (("bigquery", "element"), ("default", "element_list.element")):
        join = rendered(engine, "cross_join_json_elements", ("given.text", "a", "element"))
        value = rendered(engine, "json_text", (unnested, "n"))
        found[engine] = f"select id, {value} as result from given {join}"
    fields = (Field("id", Type("INT64")), Field("text", Type("STRING")))
    rows = Rows.of([field.type for field in fields], list(enumerate(texts)))
    _, there = googlesql.execute(found["bigquery"], [Source("given", fields, rows)])
    with duckdb.connect() as con:
        con.execute("create table given (id bigint, text varchar)")
        con.executemany("insert into given values (?, ?)", list(enumerate(texts)))
        here = con.execute(found["default"]).fetchall()

    assert sorted(map(str, there)) == sorted(map(str, here))
    assert len(here) == 3


def test_keys_become_the_same_json() -> None:
    keys = ["team", "product"]
    texts = [None, "", "x", 'q"\\', "é😀", "\t\x01", "</>&"]
    rows = [(team, product) for team in texts for product in texts]
    columns = dict.fromkeys(keys, "STRING")
    there, here = both("json_of_keys", ("given", keys), columns, rows)

    assert there == here
