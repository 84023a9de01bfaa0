"""What stands after deliveries: the three ways of delivering, restatements, repeats, refusals."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from orchestration.errors import RefusedError
from orchestration.landing.lake import Lake
from orchestration.landing.land import land
from orchestration.settings import Settings, load_settings

pytestmark = pytest.mark.usefixtures("no_gate")

Landed = Callable[..., duckdb.DuckDBPyConnection]

BILL = """
[[sources]]
name = "bill"
type = "cost_lines"
uri = "bill/*.csv*"
{more}
"""
LOG = """
[[sources]]
name = "log"
type = "token_events"
uri = "log/*.csv"
"""
HEADER = "charge_date,cost,currency,service\n"


def deliver(settings: Settings, name: str, text: str) -> Path:
    path = settings.folder / name
    path.parent.mkdir(exist_ok=True)
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def total(con: duckdb.DuckDBPyConnection) -> Decimal | None:
    row = con.execute("select sum(billed_cost) from landing.cost_lines").fetchone()
    assert row is not None
    return row[0]


def statuses(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return con.execute(
        "select coalesce(period, ''), status from landing.loads order by load_id, period"
    ).fetchall()


def test_a_restated_month_replaces_the_former_and_leaves_the_others(
    workspace: Callable[..., Settings], landed: Landed
) -> None:
    settings = workspace(BILL.format(more=""))
    deliver(settings, "bill/a.csv", HEADER + "2026-01-05,10,USD,gpu\n2026-02-05,20,USD,gpu\n")
    land(settings)
    deliver(settings, "bill/a.csv", HEADER + "2026-02-05,21,USD,gpu\n2026-03-05,5,USD,gpu\n")
    (result,) = land(settings)
    con = landed(settings)
    assert result.replaced == ("2026-02",)
    assert total(con) == Decimal(36)
    assert statuses(con) == [
        ("2026-01", "accepted"),
        ("2026-02", "superseded"),
        ("2026-02", "accepted"),
        ("2026-03", "accepted"),
    ]


def test_the_same_content_again_is_no_load(
    workspace: Callable[..., Settings], landed: Landed
) -> None:
    settings = workspace(BILL.format(more=""))
    text = HEADER + "2026-01-05,10,USD,gpu\n"
    deliver(settings, "bill/a.csv", text)
    land(settings)
    deliver(settings, "bill/a.csv", text)
    assert not land(settings)[0].is_new
    # The same bytes under a second name are one file delivered twice.
    deliver(settings, "bill/b.csv", text)
    land(settings)
    assert total(landed(settings)) == Decimal(10)


def test_a_month_that_did_not_change_keeps_its_older_delivery(
    workspace: Callable[..., Settings], landed: Landed
) -> None:
    settings = workspace(BILL.format(more=""))
    deliver(settings, "bill/a.csv", HEADER + "2026-01-05,10,USD,gpu\n2026-01-06,1,USD,gpu\n")
    land(settings)
    rows = HEADER + "2026-01-06,1,USD,gpu\n2026-01-05,10,USD,gpu\n2026-02-05,20,USD,gpu\n"
    deliver(settings, "bill/a.csv", rows)
    land(settings)
    assert ("2026-01", "duplicate") in statuses(landed(settings))
    assert total(landed(settings)) == Decimal(31)


def test_of_files_that_are_each_a_state_the_last_by_name_stands(
    workspace: Callable[..., Settings], landed: Landed
) -> None:
    settings = workspace(BILL.format(more='delivery = "snapshot_per_file"'))
    deliver(settings, "bill/state-2.csv", HEADER + "2026-01-05,12,USD,gpu\n")
    land(settings)
    # A state that arrives late but is older by name does not win.
    deliver(settings, "bill/state-1.csv", HEADER + "2026-01-05,10,USD,gpu\n")
    land(settings)
    assert total(landed(settings)) == Decimal(12)


def test_files_that_add_up_count_a_request_once(
    workspace: Callable[..., Settings], landed: Landed
) -> None:
    settings = workspace(LOG)
    header = "request_id,started_at,input_tokens,output_tokens\n"
    deliver(settings, "log/1.csv", header + "a,2026-01-01 10:00,5,1\nb,2026-01-01 11:00,7,1\n")
    deliver(settings, "log/2.csv", header + "b,2026-01-01 11:00,7,1\nc,2026-01-02 09:00,9,1\n")
    land(settings)
    query = "select sum(input_tokens), count(*) from landing.token_events"
    assert landed(settings).execute(query).fetchone() == (21, 3)
    # A file delivered again replaces only what it had delivered.
    deliver(settings, "log/2.csv", header + "c,2026-01-02 09:00,8,1\n")
    land(settings)
    assert landed(settings).execute(query).fetchone() == (20, 3)


def test_an_unchanged_day_keeps_its_state(
    workspace: Callable[..., Settings], landed: Landed
) -> None:
    settings = workspace(LOG)
    header = "request_id,started_at,input_tokens,output_tokens\n"
    first = "a,2026-01-01 10:00,5,1\nb,2026-01-02 11:00,7,1\n"
    deliver(settings, "log/1.csv", header + first)
    land(settings)
    query = "select period, state_id from landing.standing order by period"
    before = dict(landed(settings).execute(query).fetchall())
    deliver(settings, "log/1.csv", header + first.replace("7,1", "8,1"))
    land(settings)
    after = dict(landed(settings).execute(query).fetchall())
    assert before["2026-01-01"] == after["2026-01-01"]
    assert before["2026-01-02"] != after["2026-01-02"]


def test_rows_that_cannot_be_read_are_set_aside_and_counted(
    workspace: Callable[..., Settings], landed: Landed
) -> None:
    settings = workspace("[gate]\nmax_quarantined_share = 0.5\n" + BILL.format(more=""))
    deliver(
        settings,
        "bill/a.csv",
        HEADER + "2026-01-05,10,USD,gpu\n2026-13-45,4,USD,gpu\n2026-01-06,1,USD,gpu\n",
    )
    land(settings)
    con = landed(settings)
    assert total(con) == Decimal(11)
    (row,) = con.execute("select _source_row, rule, raw from quarantine.cost_lines").fetchall()
    assert row[:2] == (2, "unreadable charge_period_start") and "2026-13-45" in row[2]
    assert con.execute(
        "select sum(quarantined_rows), sum(row_count) from landing.loads"
    ).fetchone() == (1, 2)
    # Rows keep their number in the file although one before them was set aside.
    assert con.execute(
        "select list(_source_row order by _source_row) from landing.cost_lines"
    ).fetchone() == ([1, 3],)


def test_exact_repeats_are_left_out_where_they_are_known_to_be_noise(
    workspace: Callable[..., Settings], landed: Landed
) -> None:
    settings = workspace(BILL.format(more="skip_duplicates = true"))
    line = "2026-01-05,10,USD,gpu\n"
    deliver(settings, "bill/a.csv", HEADER + line + line + "2026-01-06,1,USD,gpu\n")
    land(settings)
    con = landed(settings)
    assert total(con) == Decimal(11)
    assert con.execute("select row_count from landing.loads").fetchone() == (2,)


BAD = [
    ("text for money", HEADER + "2026-01-05,ten,USD,gpu\n", "'ten', which is no amount", 1),
    ("renamed column", "day,cost,currency\n2026-01-05,1,USD\n", "column 'charge_date'", None),
    ("no rows", HEADER, "the delivery is empty", None),
    ("too many unreadable", HEADER + "nonsense,1,USD,gpu\n", "which is not a time", 1),
    ("ragged", HEADER + "2026-01-05,1,USD,gpu,more,and more\n", "another number of columns", 1),
]


@pytest.mark.parametrize(("name", "text", "rule", "row"), BAD, ids=[bad[0] for bad in BAD])
def test_a_bad_delivery_is_refused_and_the_former_one_stands(
    workspace: Callable[..., Settings],
    landed: Landed,
    name: str,
    text: str,
    rule: str,
    row: int | None,
) -> None:
    settings = workspace(BILL.format(more=""))
    deliver(settings, "bill/a.csv", HEADER + "2026-01-05,10,USD,gpu\n")
    land(settings)
    deliver(settings, "bill/a.csv", text)
    with pytest.raises(RefusedError) as refusal:
        land(settings)
    assert rule in refusal.value.message and "bill/a.csv" in refusal.value.message
    assert refusal.value.row == row
    con = landed(settings)
    assert total(con) == Decimal(10)
    assert ("", "refused") in statuses(con)


def test_an_empty_delivery_stands_when_it_is_confirmed(
    workspace: Callable[..., Settings], landed: Landed
) -> None:
    settings = workspace(BILL.format(more=""))
    deliver(settings, "bill/a.csv", HEADER + "2026-01-05,10,USD,gpu\n")
    land(settings)
    deliver(settings, "bill/a.csv", HEADER)
    land(settings, allow_empty=True)
    assert total(landed(settings)) is None


def test_a_gzip_that_was_cut_off_is_refused(workspace: Callable[..., Settings]) -> None:
    settings = workspace(BILL.format(more=""))
    lines = "".join(f"2026-01-05,{number}.5,USD,gpu{number}\n" for number in range(5000))
    path = deliver(settings, "bill/a.csv.gz", HEADER + lines)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(RefusedError, match="gzip"):
        land(settings)


def test_a_plain_file_that_was_cut_off_is_refused(workspace: Callable[..., Settings]) -> None:
    settings = workspace(BILL.format(more=""))
    lines = [f"2026-01-05,{number}.5,USD,gpu{number}\n" for number in range(100)]
    deliver(settings, "bill/a.csv", HEADER + "".join(lines))
    land(settings)
    deliver(settings, "bill/a.csv", HEADER + "".join(lines[:30])[:-3])
    with pytest.raises(RefusedError, match="cut off"):
        land(settings)


def test_a_parquet_file_that_was_cut_off_is_refused(workspace: Callable[..., Settings]) -> None:
    settings = workspace(BILL.format(more="").replace("*.csv*", "*.parquet"))
    (settings.folder / "bill").mkdir()
    path = settings.folder / "bill" / "a.parquet"
    duckdb.sql(
        "select date '2026-01-05' as charge_date, 1.5::decimal(18,9) as cost, 'USD' as currency"
    ).write_parquet(str(path))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(RefusedError, match="Parquet"):
        land(settings)


def test_a_missing_file_is_named(workspace: Callable[..., Settings]) -> None:
    with pytest.raises(RefusedError, match=r"no file matches 'bill/\*\.csv\*'"):
        land(workspace(BILL.format(more="")))


def test_lines_that_arrive_through_two_sources_are_refused(
    workspace: Callable[..., Settings],
) -> None:
    other = BILL.format(more="").replace('"bill"', '"other"').replace("bill/", "other/")
    settings = workspace(BILL.format(more="") + other)
    lines = [f"2026-01-05,{number}.5,USD,gpu\n" for number in range(20)]
    deliver(settings, "bill/a.csv", HEADER + "".join(lines))
    deliver(settings, "other/b.csv", HEADER + "".join(lines[5:]) + "2026-01-09,3,USD,x\n")
    with pytest.raises(RefusedError, match=r"also stand in bill/a\.csv"):
        land(settings)


def test_lines_that_arrive_in_two_files_of_one_snapshot_are_refused(
    workspace: Callable[..., Settings],
) -> None:
    settings = workspace(BILL.format(more=""))
    lines = [f"2026-01-05,{number}.5,USD,gpu\n" for number in range(20)]
    deliver(settings, "bill/a.csv", HEADER + "".join(lines))
    deliver(settings, "bill/b.csv", HEADER + "".join(lines[10:]) + "2026-01-09,3,USD,x\n")
    with pytest.raises(RefusedError, match="would count twice"):
        land(settings)


def test_a_dry_run_says_what_would_land_and_lands_nothing(
    workspace: Callable[..., Settings],
) -> None:
    settings = workspace(BILL.format(more=""))
    deliver(settings, "bill/a.csv", HEADER + "2026-01-05,10,USD,gpu\n")
    (result,) = land(settings, dry_run=True)
    assert result.loads == ("bill/a.csv",)
    assert Lake(settings).manifests == []


def test_a_load_without_a_manifest_is_invisible_and_swept(
    workspace: Callable[..., Settings], landed: Landed
) -> None:
    settings = workspace(BILL.format(more=""))
    deliver(settings, "bill/a.csv", HEADER + "2026-01-05,10,USD,gpu\n")
    land(settings)
    orphan = Path(settings.lake) / "cost_lines" / "bill" / "bill-000002-deadbeef"
    orphan.mkdir()
    (orphan / "part-0.parquet").write_bytes(b"half a file")
    assert total(landed(settings)) == Decimal(10)
    land(settings)
    assert not orphan.exists()


def test_what_stood_at_a_time_can_be_read_again(
    workspace: Callable[..., Settings], landed: Landed
) -> None:
    settings = workspace(BILL.format(more=""))
    deliver(settings, "bill/a.csv", HEADER + "2026-01-05,10,USD,gpu\n")
    land(settings)
    before = Lake(settings).manifests[-1].loaded_at
    deliver(settings, "bill/a.csv", HEADER + "2026-01-05,11,USD,gpu\n")
    land(settings)
    assert total(landed(settings)) == Decimal(11)
    assert total(landed(settings, as_of=before)) == Decimal(10)


LINES = [
    f"2026-0{month}-0{day},{month}{day}.25,USD,gpu\n" for month in (1, 2) for day in range(1, 6)
]


@limits(max_examples=25)
@given(
    order=st.permutations(range(len(LINES))),
    cuts=st.lists(st.integers(0, len(LINES)), max_size=3),
    repeats=st.integers(0, 2),
)
def test_any_order_split_and_repeat_of_a_snapshot_gives_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], cuts: list[int], repeats: int
) -> None:
    folder = tmp_path_factory.mktemp("permuted")
    (folder / "twinledger.toml").write_text(BILL.format(more=""))
    settings = load_settings(folder / "twinledger.toml")
    deliver(settings, "bill/first.csv", HEADER + LINES[0].replace("11.25", "99"))
    land(settings)
    (folder / "bill" / "first.csv").unlink()
    edges = [0, *sorted(cuts), len(LINES)]
    for place, (start, end) in enumerate(pairwise(edges)):
        chunk = "".join(LINES[number] for number in order[start:end])
        if chunk:
            deliver(settings, f"bill/{place}.csv", HEADER + chunk)
            for copy in range(repeats):
                deliver(settings, f"bill/{place}-{copy}.csv", HEADER + chunk)
    land(settings)
    land(settings, force=True)
    from orchestration.landing.register import register_landing

    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    register_landing(con, settings)
    rows = con.execute(
        "select strftime(charge_period_start, '%Y-%m-%d'), billed_cost from landing.cost_lines "
        "order by all"
    ).fetchall()
    expected = sorted((line.split(",")[0], Decimal(line.split(",")[1])) for line in LINES)
    assert rows == expected


def test_the_lake_and_the_files_may_be_at_any_fsspec_address(
    workspace: Callable[..., Settings], landed: Landed
) -> None:
    import fsspec

    store = fsspec.filesystem("memory")
    store.pipe_file("/bills/a.csv", (HEADER + "2026-01-05,10,USD,gpu\n").encode())
    settings = workspace(
        '[warehouse]\nlake = "memory://lake"\n'
        + BILL.format(more="").replace("bill/*.csv*", "memory://bills/*.csv")
    )
    assert land(settings)[0].is_new
    assert total(landed(settings)) == Decimal(10)
    assert not land(settings)[0].is_new
    store.pipe_file("/bills/a.csv", (HEADER + "2026-01-05,12,USD,gpu\n").encode())
    assert land(settings)[0].replaced == ("2026-01",)
    assert total(landed(settings)) == Decimal(12)
    assert not (settings.folder / "lake").exists()


@pytest.mark.parametrize("delivery", ["snapshot", "snapshot_per_file", "append"])
def test_a_file_that_goes_back_to_a_former_content_stands_with_it(
    workspace: Callable[..., Settings], landed: Landed, delivery: str
) -> None:
    settings = workspace(BILL.format(more=f'delivery = "{delivery}"'))
    for amount in (10, 12, 10):
        deliver(settings, "bill/a.csv", HEADER + f"2026-01-05,{amount},USD,gpu\n")
        land(settings)
        assert total(landed(settings)) == Decimal(amount)


@pytest.mark.parametrize("delivery", ["snapshot", "snapshot_per_file", "append"])
def test_a_mapping_that_is_changed_back_lands_the_files_again(
    workspace: Callable[..., Settings], landed: Landed, delivery: str
) -> None:
    for column, amount in (("cost", 10), ("list", 30), ("cost", 10)):
        mapping = f'delivery = "{delivery}"\nmapping = {{ cost = "{column}" }}'
        settings = workspace(BILL.format(more=mapping))
        deliver(settings, "bill/a.csv", "charge_date,cost,list,currency\n2026-01-05,10,30,USD\n")
        land(settings)
        assert total(landed(settings)) == Decimal(amount)
