"""What servers keep of GoogleSQL's answers, and what is not asked at all; no answer changes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

pytest.importorskip("zetasql", reason="GoogleSQL is not installed")

from zetasql.types import parse_proto
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service

from tests.bigquery.local import filled
from tests.bigquery.server import googlesql
from tests.bigquery.server.answers import ANSWERS, Answers
from tests.bigquery.server.dialect import Constant, language_proto
from tests.bigquery.server.nodes import node
from tests.bigquery.server.types import Type
from tests.bigquery.statements import RIGHT


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(ANSWERS, "folder", tmp_path / "answers")
    return tmp_path / "answers"


WHOLE_VIEW = "select * from `d`.`w` as `w`"


def number(folder: Path) -> int:
    return sum(1 for file in folder.rglob("*") if file.is_file())


def test_the_same_request_is_asked_once(tmp_path):
    asked = []

    def ask() -> bytes:
        asked.append(1)
        return b"answer"

    for answers in (Answers(tmp_path), Answers(tmp_path)):
        assert answers.get_or("Parse", b"select 1", ask) == b"answer"
    assert len(asked) == 1
    Answers(tmp_path).get_or("Parse", b"select 2", ask)
    Answers(tmp_path).get_or("Analyze", b"select 1", ask)
    Answers().get_or("Parse", b"select 1", ask)
    assert len(asked) == 4


def test_threads_that_ask_the_same_at_once_ask_once(tmp_path):
    answers, asked, begun, go_on = Answers(tmp_path), [], Event(), Event()

    def ask() -> bytes:
        asked.append(1)
        begun.set()
        assert go_on.wait(10)
        return b"answer"

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(answers.get_or, "Parse", b"select 1", ask)
        assert begun.wait(10)
        second = threads.submit(answers.get_or, "Parse", b"select 1", ask)
        # Another request does not wait for it.
        assert answers.get_or("Parse", b"select 2", lambda: b"other") == b"other"
        go_on.set()
        assert {first.result(), second.result()} == {b"answer"}
    assert len(asked) == 1


def test_errors_are_not_kept(tmp_path):
    def fail() -> bytes:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        Answers(tmp_path).get_or("Parse", b"select", fail)
    assert not number(tmp_path)


def test_other_rows_types_or_constants_are_another_request(kept):
    server = filled()
    query = "select count(*), max(id) from d.t where id < @most"
    most = {"most": whole(9)}
    assert server.rows(query, parameters=most) == [(3, 3)]
    held = number(kept)
    assert server.rows(query, parameters=most) == [(3, 3)]
    assert number(kept) == held
    server.run("insert into d.t (id) values (4)")
    assert server.rows(query, parameters=most) == [(4, 4)]
    assert server.rows(query, parameters={"most": whole(3)}) == [(2, 2)]
    server.run("create or replace table d.t as select 1.5 as id")
    assert str(server.rows("select max(id) from d.t")[0][0]) == "1.5"


def test_a_model_is_asked_once_for_the_statements_that_dbt_puts_it_into(monkeypatch):
    server = filled()
    asked, ask = [], googlesql.ask

    def asks(method, request, lasting):
        if method != "Parse":
            asked.append(request)
        return ask(method, request, lasting)

    monkeypatch.setattr(googlesql, "ask", asks)
    model = "with a as (select 17 as x, 'p' as y), t as (select x, y from a) select * from t"
    server.run(f"create table d.u as select * from ({model}) as q where false limit 0")
    assert [(f.name, f.type.kind) for f in server.table("u").fields] == [
        ("x", "INT64"), ("y", "STRING"),
    ]  # fmt: skip
    asked.clear()
    wrapped = f"with w as (select y from ({model}) as q) select y, 1 from w union all select 'z', 2"
    assert sorted(server.rows(wrapped)) == [("p", 1), ("z", 2)]
    # The model itself has the request that it had before: its answer is kept.
    (outer,) = [request for request in asked if b"17 as x" not in request]
    assert b"__subquery_1" in outer
    # What names no table in full, and what fails, is asked as it stands.
    assert server.rows("select * from (with a as (select id from d.t) select max(id) as m from a)")
    server.refuses(f"select z from ({model})", "Unrecognized name: z")
    server.refuses("select * from (with a as (select 1 / 0 as x) select x from a)", "division by")


def test_a_contract_and_its_table_have_one_request_for_the_model(monkeypatch):
    server = filled()
    executed, execute = [], googlesql.execute

    def executes(sql, *arguments, **options):
        executed.append(sql)
        return execute(sql, *arguments, **options)

    monkeypatch.setattr(googlesql, "execute", executes)
    model = "with a as (select id, name from `p`.d.t) select id as x, name as y from a"
    checked = server.run(f"select * from ({model}) as __dbt_sbq where false limit 0")
    assert [(field.name, field.type.kind) for field in checked.fields] == [
        ("x", "INT64"), ("y", "STRING"),
    ]  # fmt: skip
    assert checked.rows.values == []
    (asked,) = executed
    columns = "(x int64 not null, y string)"
    server.run(f"create table d.u {columns} as (select x, `y` from ({model}) as model_subq)")
    # The answer to the same request is kept where servers share a folder of them.
    assert executed == [asked, asked]
    assert sorted(server.rows("select x, y from d.u"), key=repr) == sorted(
        server.rows("select id, name from d.t"), key=repr
    )
    # Other columns, or others in order, are the executor's to choose.
    assert {row[0] for row in server.rows(f"select y, x from ({model}) as q")} == {
        row[0] for row in server.rows("select name from d.t")
    }
    # What the subquery reads decides what a view of it answers.
    server.run(f"create view d.w as select * from ({model}) as q")
    assert len(server.rows("select * from d.w")) == len(server.rows("select id from d.t"))
    server.run("insert into d.t (id) values (99)")
    assert 99 in {row[0] for row in server.rows("select * from d.w")}


def test_the_same_in_another_dataset_is_no_other_request(monkeypatch):
    server = filled()
    server.run("create schema e")
    server.run("create table e.t clone d.t")
    asked, ask = [], googlesql.ask

    def asks(method, request, lasting):
        asked.append((method, request))
        return ask(method, request, lasting)

    monkeypatch.setattr(googlesql, "ask", asks)
    both = []
    for dataset in ("d", "e"):
        own = f"`p`.{dataset}"
        server.run(f"create or replace table {own}.u as select * from {own}.t where id < 3")
        server.run(f"insert into {own}.u (id) select max(id) + 1 from {dataset}.t")
        query = f"select u.name from {own}.u inner join {own}.t using (id) where id in "
        rows = server.rows(f"{query} (select max(u.id) from {own}.u) or t.name = 'a'")
        assert rows == [("a",)]
        both.append({item for item in asked if item[0] != "Parse"})
        asked.clear()
    # Analyses are also kept in memory, which answers some of the second ones.
    assert both[0] and both[1] <= both[0]


def test_objections_name_tables_as_users_do():
    server = filled()
    server.refuses("insert into d.t (id, nothing) values (1, 2)", "table p.d.t")


def whole(value: int) -> Constant:
    return Constant(Type("INT64"), value)


def test_what_depends_on_the_clock_or_on_chance_is_asked_again(kept):
    server = filled()
    server.run("create view d.v as select generate_uuid() as x")
    for query in ("select current_timestamp()", "select generate_uuid()", "select x from d.v"):
        assert server.rows(query) != server.rows(query)


def test_a_query_that_ends_in_limit_0_is_typed_and_not_run(monkeypatch):
    server = filled()
    monkeypatch.setattr(googlesql, "execute", None)
    answer = server.run("select id, name from (select * from d.t) where false limit 0")
    assert [(field.name, field.type.kind) for field in answer.fields] == [
        ("id", "INT64"), ("name", "STRING"),
    ]  # fmt: skip
    assert answer.rows.values == []
    server.refuses("select id + name from d.t limit 0", "No matching signature")
    server.refuses("select sum(1), sum(2), id as f0_ from d.t group by id limit 0", "Duplicate")


def test_all_of_one_table_is_handed_out_as_it_is(monkeypatch):
    server = filled()
    server.run("create view d.v as select id, name from d.t where id > 1")
    server.run("create view d.w as select * from d.v")
    executed = {sql: server.run(f"{sql} where true") for sql in ("select * from d.t", WHOLE_VIEW)}
    view = server.rows("select id, name from d.w")
    monkeypatch.setattr(googlesql, "execute", None)
    for sql, before in executed.items():
        answer = server.run(sql)
        assert answer.fields == before.fields
        assert sorted(answer.rows.values) == sorted(before.rows.values) != []
    assert sorted(server.rows(WHOLE_VIEW)) == sorted(view)


@pytest.mark.parametrize("script", [False, True])
def test_trees_are_those_of_the_package(script):
    for sql in RIGHT.values():
        request = service.ParseRequest(
            sql_statement=sql, options=language_proto(), allow_script=script
        )
        answer = googlesql.call("Parse", request, service.ParseResponse)
        tree = answer.parsed_script if script else answer.parsed_statement
        assert repr(node(tree)) == repr(parse_proto(tree))
