"""What BigQuery refuses and GoogleSQL alone would take."""

from __future__ import annotations

import pytest

pytest.importorskip("zetasql", reason="GoogleSQL is not installed")

from tests.bigquery.local import filled
from tests.bigquery.server.errors import BigQueryError


@pytest.fixture
def server():
    return filled()


@pytest.fixture
def guarded(server):
    server.run(
        "create table d.g (day date, x int64) partition by day "
        "options(require_partition_filter=true)"
    )
    server.run("insert d.g values (date '2026-01-01', 1), (date '2026-01-02', 2)")
    return server


@pytest.mark.parametrize(
    "where",
    [
        "",
        "where x = 1",
        "where x = 1 or day = '2026-01-01'",
        "where day = date_add('2026-01-01', interval x day)",
    ],
)
def test_a_partition_filter_is_required(guarded, where):
    guarded.refuses(f"select x from d.g {where}", "without a filter over column")


@pytest.mark.parametrize(
    "query",
    [
        "select x from d.g where day = '2026-01-01'",
        "select x from (select * from d.g) where day < '2026-01-02' and x > 0",
        "declare first date default '2026-01-01'; select x from d.g where day in (first)",
        "select x from d.g where day is null or day = '2026-01-01'",
    ],
)
def test_a_partition_filter_is_found(guarded, query):
    assert guarded.rows(query) == [(1,)]


def test_views_and_changes_need_the_partition_filter_too(guarded):
    guarded.refuses("create view d.all_of_it as select * from d.g", "without a filter")
    guarded.refuses("delete from d.g where x = 1", "without a filter")
    guarded.run("delete from d.g where day = '2026-01-01' and x = 1")
    assert len(guarded.table("g").rows) == 1


OUTER = "select (select {} from d.t as b where {} {}) from d.t as a"


@pytest.mark.parametrize(
    ("sql", "taken"),
    [
        (OUTER.format("max(b.name)", "b.id = a.id", ""), True),
        (OUTER.format("max(b.name)", "b.id = a.id and b.id > a.id - 1", ""), True),
        (OUTER.format("max(b.name)", "b.id < a.id", ""), False),
        (OUTER.format("b.name", "b.id = a.id", "order by 1 limit 1"), False),
        ("select (select max(x) from unnest([a.id]) as x where x < a.id) from d.t as a", True),
        ("select 1 from d.t as a where exists (select 1 from d.t as b where b.id > a.id)", False),
        ("select 1 from d.t as a where a.id in (select b.id from d.t as b)", True),
        ("select 1 from d.t as a left join d.t as b on a.id > b.id", False),
        ("select 1 from d.t as a left join d.t as b on a.id = b.id and a.id > b.id", True),
        ("select 1 from d.t as a full join d.t as b using (id)", True),
        ("select 1 from d.t as a inner join d.t as b on a.id > b.id", True),
        ("select sum(id) over (order by name nulls last) from d.t", False),
        ("select sum(id) over (order by name nulls last rows 1 preceding) from d.t", True),
        ("select row_number() over (order by name nulls last) from d.t", True),
        ("select array_agg(id order by name desc nulls first) from d.t", False),
        ("select array_agg(id order by name desc nulls last) from d.t", True),
        ("select typeof(id) from d.t", False),
        ("select array_sum([1])", False),
        ("select safe.substr('a', 0, -1)", True),
    ],
)
def test_rules(server, sql, taken):
    if taken:
        server.run(sql)
        return
    with pytest.raises(BigQueryError) as raised:
        server.run(sql)
    assert raised.value.code == 400
