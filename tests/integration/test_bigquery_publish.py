"""Publishing on BigQuery: readers see whole, verified tables, whatever happens on the way."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest

from orchestration import cli
from orchestration.errors import AuditError, TwinledgerError
from orchestration.landing.lake import Lake
from orchestration.landing.land import land
from orchestration.settings import Settings, load_settings
from orchestration.summary import CategoryMonth, summarize
from orchestration.warehouse import warehouse
from orchestration.warehouse.bigquery import publish as publishing
from orchestration.warehouse.bigquery.client import Client
from orchestration.warehouse.bigquery.log import last_publish
from orchestration.warehouse.bigquery.publish import publish
from orchestration.warehouse.bigquery.snapshot import Snapshot
from orchestration.warehouse.portable import month_text
from tests.bigquery.process import BigQueryServer
from tests.integration.bigquery_build import (
    PUBLIC,
    build_table,
    make_build,
    public_table,
    write_manifest,
)

SETTINGS = """
[warehouse]
target = "bigquery"

[warehouse.bigquery]
project = "{project}"
endpoint = "{endpoint}"
dataset_prefix = "{prefix}"

[[sources]]
name = "bill"
type = "cost_lines"
uri = "bill.csv"
mapping = {{charge_date = "day", cost = "cost", description = "text"}}
constants = {{currency = "USD"}}
"""
NUMBERS = count(1)

Call = Callable[..., tuple[int, str, str]]


def open_at(server: BigQueryServer, folder: Path) -> Settings:
    """A workspace whose datasets no other test shares."""
    folder.mkdir(exist_ok=True)
    text = SETTINGS.format(
        project=server.project, endpoint=server.endpoint, prefix=f"p{next(NUMBERS)}_"
    )
    (folder / "twinledger.toml").write_text(text, encoding="utf-8")
    return load_settings(folder / "twinledger.toml")


@pytest.fixture
def settings(bigquery: BigQueryServer, tmp_path: Path) -> Settings:
    return open_at(bigquery, tmp_path / "workspace")


@pytest.fixture
def built(settings: Settings) -> Client:
    """The client of a workspace whose build is done."""
    return make_build(settings)


@pytest.fixture(scope="module")
def published(
    bigquery: BigQueryServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Client:
    """One that is published, for tests that only read."""
    client = make_build(open_at(bigquery, tmp_path_factory.mktemp("published")))
    publish(client, publish_id="20261121T010203Z-aa")
    return client


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Exit code, stdout and stderr of a command in a workspace."""

    def run(settings: Settings, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(
            sys, "argv", ["twinledger", *arguments, "--settings", str(settings.file)]
        )
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return run


def read(client: Client, sql: str) -> list[tuple[object, ...]]:
    """The rows of a query, in which `layer.table` is what readers see."""
    named = re.sub(r"\{([\w.]+)\}", lambda found: public_table(client, found[1]), sql)
    return client.rows(named, step="query")


def snapshots(client: Client) -> set[str]:
    """The publishes that are kept, by id."""
    start = client.names.snapshot("")
    listed = client.api.list_datasets(client.names.project)
    return {
        item.dataset_id.removeprefix(start) for item in listed if item.dataset_id.startswith(start)
    }


def whole(client: Client) -> tuple[object, ...]:
    """What readers see: two costs and the tokens."""
    (daily,) = read(client, "select sum(cost) from {allocation.costs_daily}")
    (charged,) = read(client, "select sum(cost) from {cost_ledger.charges}")
    (tokens,) = read(client, "select sum(tokens) from {cost_ledger.token_requests}")
    return (*daily, *charged, *tokens)


def raise_costs(client: Client) -> None:
    """The next build: every cost of the daily table doubled."""
    table = build_table(client, "allocation.costs_daily")
    client.query(f"update {table} set cost = cost * 2 where true", step="build")


def test_readers_see_the_build_with_its_descriptions_and_the_log(built: Client) -> None:
    result = publish(built, publish_id="20261121T010203Z-aa", inputs_hash="abc")
    assert whole(built) == (Decimal(10), Decimal(10), 12)
    assert result.tables == 5
    assert result.rows == 1 + 1 + 2 + 2
    assert result.totals["allocation.costs_daily"] == {"cost": "10"}
    charges = built.table(built.names.public("cost_ledger"), "charges")
    assert charges is not None
    assert charges.table_type == "VIEW"
    assert charges.description == 'What was billed; it\'s "exact". One row per line.'
    described = {field.name: field.description for field in charges.schema}
    assert described["cost"] == "Money, in the reporting currency \\ all decimals."
    last = last_publish(built)
    assert last is not None
    assert (last.publish_id, last.inputs_hash) == ("20261121T010203Z-aa", "abc")
    assert (last.row_count, last.table_count) == (6, 5)
    assert json.loads(last.totals) == result.totals
    assert last.published_at == result.published_at
    log = built.table(built.names.public("governance"), "publish_log")
    assert log is not None and all(field.description for field in log.schema)


def test_readers_never_depend_on_the_next_build(built: Client) -> None:
    publish(built, publish_id="first")
    for layer in ("landing", "reference", "staging", "cost_ledger", "allocation"):
        built.api.delete_dataset(built.names.build(layer), delete_contents=True)
    assert whole(built) == (Decimal(10), Decimal(10), 12)
    assert read(built, "select owner from {cost_ledger.token_requests} order by 1") == [
        ("ann",),
        ("bob",),
    ]


def test_who_reads_a_layer_needs_no_right_on_the_snapshot(published: Client) -> None:
    snapshot = published.names.snapshot("20261121T010203Z-aa")
    entries = published.api.get_dataset(f"{published.names.project}.{snapshot}").access_entries
    allowed = {
        entry.entity_id["dataset"]["datasetId"]
        for entry in entries
        if entry.entity_type == "dataset" and entry.entity_id["targetTypes"] == ["VIEWS"]
    }
    assert allowed == {
        published.names.public(name) for name in ("landing", "cost_ledger", "allocation")
    }


def test_the_two_newest_publishes_are_kept(built: Client) -> None:
    for name in ("a1", "a2", "a3"):
        publish(built, publish_id=name)
    assert snapshots(built) == {"a2", "a3"}
    assert [row[0] for row in read(built, "select publish_id from {governance.publish_log}")] == [
        "a1",
        "a2",
        "a3",
    ]


def test_a_crash_between_snapshot_and_switch_leaves_the_old_state(
    built: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(built, publish_id="a1")
    raise_costs(built)

    def crash(*_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(publishing, "_script", crash)
        with pytest.raises(KeyboardInterrupt):
            publish(built, publish_id="a2")
    last = last_publish(built)
    assert last is not None and last.publish_id == "a1"
    assert whole(built)[0] == Decimal(10)
    publish(built, publish_id="a3")
    assert whole(built)[0] == Decimal(20)
    assert snapshots(built) == {"a1", "a3"}


def test_a_crash_inside_the_switch_is_finished_by_the_next_publish(
    built: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(built, publish_id="a1")
    raise_costs(built)
    make_script = publishing._script

    def cut(*arguments: object) -> str:
        statements = make_script(*arguments).split(";\n")  # type: ignore[arg-type]
        # The views of the first tables are switched, those of the others are not.
        return ";\n".join(statements[: len(statements) // 2]) + "; select error('killed');"

    with monkeypatch.context() as patched:
        patched.setattr(publishing, "_script", cut)
        with pytest.raises(TwinledgerError, match=r"switching the views: .*killed"):
            publish(built, publish_id="a2")
    last = last_publish(built)
    assert last is not None and last.publish_id == "a1"
    # Each view is whole, old or new: nothing that one of them reads was removed.
    assert whole(built) == (Decimal(20), Decimal(10), 12)
    publish(built, publish_id="a3")
    assert whole(built) == (Decimal(20), Decimal(10), 12)
    assert snapshots(built) == {"a1", "a3"}
    last = last_publish(built)
    assert last is not None and last.publish_id == "a3"


def test_a_snapshot_that_differs_from_the_build_is_not_published(
    built: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(built, publish_id="a1")
    take = Snapshot.take

    def lose_a_row(self: Snapshot, *arguments: object) -> None:
        take(self, *arguments)  # type: ignore[arg-type]
        table = self.sql(("allocation", "costs_daily"))
        built.query(f"delete from {table} where team = 'ads'", step="publish")

    monkeypatch.setattr(Snapshot, "take", lose_a_row)
    with pytest.raises(AuditError, match=r"differs from the build in allocation.costs_daily"):
        publish(built, publish_id="a2")
    assert whole(built)[0] == Decimal(10)
    assert snapshots(built) == {"a1"}


def test_what_is_no_longer_public_disappears(built: Client, settings: Settings) -> None:
    publish(built, publish_id="a1")
    left = tuple(name for name in PUBLIC if name != "cost_ledger.charges")
    write_manifest(settings, built, left)
    publish(built, publish_id="a2")
    assert built.table(built.names.public("cost_ledger"), "charges") is None
    assert built.table(built.names.public("cost_ledger"), "token_requests") is not None


def test_nothing_of_somebody_else_is_replaced(built: Client) -> None:
    dataset = built.names.public("allocation")
    built.ensure_dataset(dataset)
    built.query(
        f"create view {built.names.sql(dataset, 'costs_daily')} as select 1 as mine", step="query"
    )
    with pytest.raises(TwinledgerError, match="was not published by twinledger"):
        publish(built, publish_id="a1")
    assert read(built, "select mine from {allocation.costs_daily}") == [(1,)]
    assert last_publish(built) is None


def test_a_build_that_lacks_a_public_table_is_refused(built: Client) -> None:
    built.query(f"drop table {build_table(built, 'cost_ledger.charges')}", step="build")
    with pytest.raises(AuditError, match=r"lacks the table cost_ledger.charges"):
        publish(built, publish_id="a1")
    assert snapshots(built) == set()


def test_a_query_reads_and_says_how_much(published: Client, call: Call) -> None:
    table = f"{published.names.prefix}allocation.costs_daily"
    code, out, err = call(
        published.settings, "query", f"select team, cost from {table} order by team"
    )
    assert code == 0, err
    assert "6.666666666666666667" in out
    assert "the query reads" in err
    code, out, _ = call(
        published.settings, "query", f"select sum(cost) as cost from {table}", "--format", "json"
    )
    assert out == '[\n{"cost": 10}\n]\n'


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("delete from {table} where true", "not allowed here: delete"),
        ("update {table} set team = 'x' where true", "not allowed here: update"),
        ("create table {table}_2 as select 1 as one", "not allowed here: create table"),
        ("drop table {table}", "not allowed here: "),
        ("truncate table {table}", "not allowed here: truncate"),
        ("select 1; select 2", "not allowed here: script"),
        ("selec 1", "cannot be run"),
        ("select nothing from {table}", "cannot be run"),
        ("select * from nowhere.costs", "cannot be run"),
    ],
)
def test_nothing_but_one_select_is_run(published: Client, call: Call, sql: str, said: str) -> None:
    before = whole(published)
    table = f"{published.names.prefix}allocation.costs_daily"
    code, out, err = call(published.settings, "query", sql.format(table=table))
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
    assert whole(published) == before


def test_status_and_doctor_look_at_bigquery(published: Client, call: Call) -> None:
    code, out, err = call(published.settings, "status")
    assert code == 0, err
    assert "20261121T010203Z-aa, 5 tables, 6 rows" in out
    out = call(published.settings, "doctor")[1]
    assert f"{published.names.project}, location US" in out
    assert f"{published.names.prefix}allocation" in out


def test_a_query_over_the_limit_is_refused(published: Client, call: Call, tmp_path: Path) -> None:
    text = published.settings.file.read_text(encoding="utf-8")
    limit = "maximum_bytes_billed = 10485760\n\n[[sources]]"
    (tmp_path / "twinledger.toml").write_text(text.replace("[[sources]]", limit), encoding="utf-8")
    prefix = published.names.prefix
    # At least 10 MiB are billed for each table that is read.
    sql = (
        f"select charges.cost from {prefix}cost_ledger.charges as charges"
        f" cross join {prefix}allocation.costs_daily as daily"
    )
    code, out, err = call(load_settings(tmp_path / "twinledger.toml"), "query", sql)
    assert (code, out) == (1, "")
    assert "more than maximum_bytes_billed allows" in err


def test_an_endless_query_is_stopped(published: Client, call: Call) -> None:
    endless = (
        "select count(*) from unnest(generate_array(1, 4000)) as a"
        " cross join unnest(generate_array(1, 4000)) as b where a > b + 1"
    )
    code, _, err = call(published.settings, "query", endless, "--timeout", "0.5")
    assert code == 1
    assert "stopped after 0.5 s" in err


def test_jobs_say_what_they_were_for(published: Client) -> None:
    steps = {
        job.labels.get("step")
        for job in published.api.list_jobs(max_results=200)
        if job.labels.get("app") == "twinledger"
    }
    assert {"publish", "query"} <= steps


def test_the_summary_and_the_dashboard_read_the_same_way_as_on_duckdb(published: Client) -> None:
    summary = summarize(published.settings, "published")
    assert summary.categories == (
        CategoryMonth(date(2026, 10, 1), "other_ai", Decimal(10), None, 0),
    )
    assert summary.rows == 6
    with warehouse(published.settings).marts() as marts:
        assert ("cost_ledger", "token_requests") in marts.tables()
        assert ("staging", "stg_requests") not in marts.tables()
        sql = (
            f"select {month_text('charge_date')} as month, 1e0 * sum(cost) as cost"
            " from {allocation.costs_daily} group by 1"
        )
        assert marts.arrow(sql).to_pylist() == [{"month": "2026-10", "cost": 10.0}]


def test_before_the_first_publish_the_next_step_is_said(settings: Settings, call: Call) -> None:
    code, _, err = call(settings, "query", "select 1")
    assert code == 1
    assert "nothing is published yet" in err
    assert f"twinledger run --settings {settings.file}" in err


def test_a_server_that_is_gone_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.warehouse.bigquery.client.RETRY_SECONDS", 1.0)
    gone = BigQueryServer(tmp_path / "gone")
    gone.endpoint = "http://127.0.0.1:9"
    with pytest.raises(TwinledgerError, match="cannot be reached"):
        last_publish(Client(open_at(gone, tmp_path / "workspace")))


def test_a_published_row_leads_to_the_file_and_its_row(
    settings: Settings, no_gate: None, call: Call
) -> None:
    (settings.folder / "bill.csv").write_text(
        "day,cost,text\n2026-10-01,1.5,disk\n2026-10-01,10,gpu time\n"
    )
    land(settings)
    publish(make_build(settings, Lake(settings).manifests[0].load_id), publish_id="a1")
    for arguments in (
        ("costs_daily", "charge_date=2026-10-01", "product="),
        ("cost_ledger.charges", "charge-2"),
    ):
        code, out, err = call(settings, "explain", *arguments)
        assert code == 0, err
        assert "3  Deliveries: 1" in out
        assert "file bill.csv, row 2" in out
        assert "gpu time" in out
        assert "disk" not in out
        assert "DOES NOT ADD UP" not in out
    assert call(settings, "explain", "costs_daily", "nobody")[0] == 1
