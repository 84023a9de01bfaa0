"""Statements and scripts on a store: what they change, what they give back, what they refuse."""

from __future__ import annotations

import datetime as dt
import time

import pytest

pytest.importorskip("zetasql", reason="GoogleSQL is not installed")

from tests.bigquery.local import filled
from tests.bigquery.server.dialect import Constant
from tests.bigquery.server.errors import BigQueryError
from tests.bigquery.server.store import Ref
from tests.bigquery.server.types import Type


@pytest.fixture
def server():
    return filled()


ALL = "select * from d.t order by id"


# queries


def test_a_table_has_its_name_as_alias(server):
    assert server.rows("select t.id from `p`.`d`.`t` where t.id = 1") == [(1,)]
    assert server.rows("select t.id from `p.d.t` where t.id = 1") == [(1,)]
    assert server.rows("select id from t where id = 1", default_dataset="d") == [(1,)]


def test_a_name_without_a_dataset_is_refused(server):
    server.refuses("select * from t", "must be qualified with a dataset")


def test_names_of_tables_are_case_sensitive_and_of_columns_not(server):
    assert server.rows("select ID from d.t where Id = 1") == [(1,)]
    server.refuses("select id from d.T", "Not found: Table p:d.T", 404)
    server.refuses("select id from e.t", "Not found: Dataset p:e", 404)


def test_a_query_by_name_wins_over_a_table(server):
    query = "with t as (select 7 as id) select id from t"
    assert server.rows(query, default_dataset="d") == [(7,)]


def test_arrays_of_a_table_in_the_same_from(server):
    server.run("create table d.a as select 1 as id, [1, 2] as xs")
    assert server.rows("select x from d.a, a.xs as x order by x") == [(1,), (2,)]
    assert server.rows("select x from d.a as b cross join b.xs as x order by x") == [(1,), (2,)]


def test_parameters_by_name_and_by_place(server):
    one, two = Constant(Type("INT64"), 1), Constant(Type("INT64"), 2)
    named = server.rows("select name from d.t where id = @id", parameters={"id": two})
    placed = server.rows("select ?, name from d.t where id = ?", parameters=[one, two])
    assert (named, placed) == ([("b",)], [(1, "b")])


def test_two_columns_of_one_name_are_refused(server):
    server.refuses("select id, 1 as ID from d.t", "Duplicate column names")


def test_a_dry_run_gives_columns_and_changes_nothing(server):
    result = server.run("select id, name as n from d.t", dry_run=True)
    assert [(f.name, f.type.kind) for f in result.fields] == [("id", "INT64"), ("n", "STRING")]
    assert (len(result.rows), result.referenced) == (0, {Ref("p", "d", "t")})
    before = dict(server.store.tables)
    server.run("delete from d.t where true", dry_run=True)
    server.run("create table d.new as select 1 as x", dry_run=True)
    assert server.store.tables == before
    with pytest.raises(BigQueryError, match="Unrecognized name: nope"):
        server.run("select nope from d.t", dry_run=True)


# views


def test_a_view_follows_what_is_below_it(server):
    server.run("create view d.v as select count(*) as n from d.t")
    server.run("create view d.w as select n + 1 as n from d.v")
    assert server.rows("select * from d.w") == [(4,)]
    server.run("delete from d.t where id = 1")
    assert server.rows("select * from d.w") == [(3,)]
    server.run("create or replace view d.v as select 10 as n")
    assert server.rows("select * from d.w") == [(11,)]


def test_a_view_that_tells_the_time_is_not_kept(server):
    server.run("create view d.v as select current_timestamp() as now")
    (first,), (second,) = server.rows("select * from d.v"), server.rows("select * from d.v")
    assert first < second


def test_a_view_keeps_descriptions_and_renames_columns(server):
    server.run(
        "create view d.v (a options(description='the id'), b) options(description='all') as "
        "select id, name from d.t"
    )
    view = server.table("v")
    assert [(f.name, f.description) for f in view.fields] == [("a", "the id"), ("b", None)]
    assert view.description == "all"
    assert server.rows("select a from d.v where b = 'a'") == [(1,)]


def test_a_view_cannot_be_changed_by_dml(server):
    server.run("create view d.v as select id from d.t")
    server.refuses("delete from d.v where true", "view")


# DML


def test_insert_update_delete_count_their_rows(server):
    assert server.run("insert into d.t (id) values (4), (5)").affected_rows == 2
    assert server.run("insert d.t select id + 10, name from d.t where id < 3").affected_rows == 2
    assert server.run("update d.t set name = upper(name) where id > 10").affected_rows == 2
    assert server.run("delete from d.t where id in (4, 5)").affected_rows == 2
    assert server.rows(ALL) == [(1, "a"), (2, "b"), (3, None), (11, "A"), (12, "B")]
    assert server.run("truncate table d.t").affected_rows == 5


def test_update_from_another_table(server):
    server.run("create table d.names as select 1 as id, 'new' as name")
    server.run("update d.t as x set name = n.name from d.names as n where n.id = x.id")
    assert server.rows(ALL) == [(1, "new"), (2, "b"), (3, None)]
    server.run("insert into d.names values (1, 'twice')")
    twice = "update d.t set name = n.name from d.names as n where n.id = t.id"
    server.refuses(twice, "at most one source row")


MERGE = """
merge into d.t as target
using (select 2 as id, 'B' as name union all select 9, 'i' union all select 8, 'skip') as source
on source.id = target.id
"""


def test_merge_takes_the_first_clause_that_holds(server):
    result = server.run(
        MERGE + "when matched and source.name = 'no' then delete "
        "when matched then update set name = source.name "
        "when not matched and source.id = 8 then insert (id) values (id * 100) "
        "when not matched then insert row "
        "when not matched by source and target.id = 1 then delete "
        "when not matched by source then update set name = 'left'"
    )
    assert result.affected_rows == 5
    assert server.rows(ALL) == [(2, "B"), (3, "left"), (9, "i"), (800, None)]


def test_merge_on_false_appends_and_replaces(server):
    server.run(
        "merge into d.t as a using (select id, name from d.t where id < 3) as b on false "
        "when not matched by source and a.id > 1 then delete "
        "when not matched then insert (id, name) values (id, name)"
    )
    assert server.rows(ALL) == [(1, "a"), (1, "a"), (2, "b")]


def test_merge_refuses_two_source_rows_for_one_target(server):
    twice = "merge d.t using (select 1 as id, x from unnest([1, 2]) as x) as s on t.id = s.id "
    server.refuses(twice + "when matched then update set name = 'x'", "at most one source row")
    # A pair that no clause wants is none.
    server.run(twice + "when matched and s.x = 2 then update set name = 'x'")
    assert server.rows(ALL)[0] == (1, "x")


def test_merge_of_ten_thousand_rows_is_a_join(server):
    """A nested loop would take 10^8 steps: minutes."""
    server.run("create table d.m as select n, 0 as v from unnest(generate_array(1, 10000)) as n")
    start = time.monotonic()
    result = server.run(
        "merge d.m using (select n + 5000 as n from d.m) as s on m.n = s.n "
        "when matched then update set v = 1 when not matched then insert (n, v) values (n, 2)"
    )
    assert result.affected_rows == 10_000
    assert server.rows("select v, count(*) from d.m group by v order by v") == [
        (0, 5000),
        (1, 5000),
        (2, 5000),
    ]
    assert time.monotonic() - start < 30


def test_a_statement_that_fails_changes_nothing(server):
    before = server.table("t")
    server.refuses("insert into d.t select if(id = 3, null, id), name from d.t", "Required")
    server.refuses("update d.t set name = cast(1 / (id - 2) as string) where true", "division")
    assert server.table("t") is before


# scripts


def test_scripts(server):
    assert server.rows(
        "declare low, high int64 default 2; declare many array<string>; set high = low + 1; "
        "set many = (select array_agg(name ignore nulls order by name) from d.t); "
        "set (low, high) = (select as struct high, low); "
        "begin declare inner_one int64 default 9; "
        "if high < low then insert into d.t values (inner_one, many[offset(1)]); end if; end; "
        "while low < 5 do set low = low + 1; end while; "
        "select id, name, low from d.t where id = 9"
    ) == [(9, "b", 5)]


def test_a_column_wins_over_a_variable(server):
    assert server.rows("declare id int64 default 99; select max(id) from d.t") == [(3,)]


def test_what_ran_before_a_failure_stays(server):
    server.refuses("delete from d.t where id = 1; select 1 / 0", "division by zero")
    assert len(server.table("t").rows) == 2


def test_a_transaction_is_seen_whole_or_not_at_all(server):
    server.commits.clear()
    rolled = "begin transaction; delete from d.t where true; select count(*) from d.t; rollback"
    assert server.rows(rolled) == [(0,)]
    server.refuses("begin transaction; truncate table d.t; select 1 / 0", "division by zero")
    assert (len(server.table("t").rows), server.commits) == (3, [])
    server.run(
        "begin transaction; delete from d.t where id = 1; create table d.n as select 1 as x; commit"
    )
    (commit,) = server.commits
    assert {ref.table for ref in commit} == {"t", "n"}


def test_temporary_tables_end_with_their_script(server):
    script = "create temp table q as select 1 as a; insert into q values (2); select sum(a) from q"
    assert server.rows(script) == [(3,)]
    server.refuses("select * from q", "must be qualified")
    assert [ref.table for ref in server.store.tables] == ["t"]


def test_asserts_and_raised_errors(server):
    server.run("assert (select count(*) from d.t) = 3 as 'three'")
    server.refuses("assert (select count(*) from d.t) = 4 as 'four'", "four")
    server.refuses("begin raise using message = 'mine'; end", "mine")


# time travel, INFORMATION_SCHEMA, what is made up


def test_a_table_as_it_was(server):
    time.sleep(0.01)
    before = dt.datetime.now(dt.UTC).isoformat()
    time.sleep(0.01)
    server.run("delete from d.t where id < 3")
    was = f"for system_time as of timestamp '{before}'"
    assert server.rows(f"select count(*) from d.t {was}") == [(3,)]
    server.run(f"create table d.old clone d.t {was}")
    assert len(server.table("old").rows) == 3
    unknown = "select * from d.t for system_time as of timestamp '2020-01-01'"
    server.refuses(unknown, "before this server knew it", 501)


def test_information_schema(server):
    server.run("create view d.v as select [struct(1 as a)] as s")
    tables = "select table_name, table_type from d.INFORMATION_SCHEMA.TABLES order by 1"
    assert server.rows(tables) == [("t", "BASE TABLE"), ("v", "VIEW")]
    assert server.rows(
        "select column_name, is_nullable, data_type from `p`.`d`.INFORMATION_SCHEMA.COLUMNS "
        "where table_name = 't' order by ordinal_position"
    ) == [("id", "NO", "INT64"), ("name", "YES", "STRING")]
    assert server.rows(
        "select field_path, data_type from d.INFORMATION_SCHEMA.COLUMN_FIELD_PATHS "
        "where table_name = 'v' order by 1"
    ) == [("s", "ARRAY<STRUCT<a INT64>>"), ("s.a", "INT64")]
    schemata = "select schema_name from `region-us`.INFORMATION_SCHEMA.SCHEMATA"
    assert server.rows(schemata) == [("d",)]
    server.run("create table d.parts (day date) partition by day")
    server.run("insert d.parts values (date '2026-01-02'), (date '2026-01-02'), (null)")
    assert server.rows(
        "select partition_id, total_rows from d.INFORMATION_SCHEMA.PARTITIONS "
        "where table_name = 'parts' order by 1"
    ) == [("20260102", 2), ("__NULL__", 1)]
    server.refuses("select * from d.INFORMATION_SCHEMA.ROUTINES", "ROUTINES", 501)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("approx_count_distinct(x)", 4),
        ("approx_quantiles(x, 2)", [1, 3, 5]),
        ("approx_quantiles(x, 4)[offset(3)]", 4),
        ("max_by(y, x)", "e"),
        ("min_by(y, x)", "a"),
        ("logical_and(contains_substr(y, upper(y)))", True),
        ("any_value(session_user())", "tests@example.com"),
        ("any_value(@@project_id)", "p"),
    ],
)
def test_functions_that_the_executor_lacks(server, expression, expected):
    rows = "unnest([struct(5 as x, 'e' as y), (1, 'a'), (2, 'b'), (4, 'd'), (null, 'z')])"
    if expression == "approx_quantiles(x, 2)":
        rows = rows.replace("(2, 'b'), (4, 'd')", "(3, 'c')")
    if expression == "approx_quantiles(x, 4)[offset(3)]":
        rows = rows.replace("(2, 'b')", "(2, 'b'), (3, 'c')")
    assert server.rows(f"select {expression} from {rows}") == [(expected,)]


PATTERNS = (
    "", "%", "%%", "a", "a%", "%a", "%a%", "%%a%%", "a%c", "a_c", "_", "_%", "é%", "%語", "%\\\\",
    "a\\\\%", "\\\\\\\\b", "%a%b%",
)  # fmt: skip


def test_like_against_a_column_says_what_like_against_a_literal_says(server):
    texts = "'', 'a', 'ab', 'abc', 'xabc', '%', 'a%', 'a_c', 'a\\\\', '\\\\b', 'é', '日本語', null"
    for pattern in PATTERNS:
        answers: list[object] = []
        for column in (f"'{pattern}'", "p"):
            told = f"t like {column} as fits, t not like {column} as not_fits"
            sql = f"select t, {told} from unnest([{texts}]) as t, (select '{pattern}' as p)"
            try:
                answers.append(sorted(server.rows(sql), key=str))
            except BigQueryError as error:
                answers.append(str(error))
        assert answers[0] == answers[1], pattern
    nulls = "select 'a' like p, 'a' not like p from (select cast(null as string) as p)"
    assert server.rows(nulls) == [(None, None)]


def test_what_cannot_be_answered_rightly_is_not_answered(server):
    server.refuses("select contains_substr('É', 'é')", "other than ASCII", 501)
    server.refuses("select approx_top_count(x, 1) from unnest([1]) as x", "Not implemented", 501)
    server.run("create table d.arrived (x int64) partition by _PARTITIONDATE")
    assert server.rows("select _PARTITIONTIME from d.arrived") == []
    server.run("insert d.arrived values (1)")
    server.refuses("select _PARTITIONTIME from d.arrived", "_PARTITIONTIME", 501)
