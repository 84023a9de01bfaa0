"""`twinledger explain` goes from a published row to the file and row, with sums that add up."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration import cli
from orchestration.landing.lake import Lake
from orchestration.landing.land import land
from orchestration.settings import Settings

SETTINGS = """
[[sources]]
name = "bill"
type = "cost_lines"
uri = "bill.csv"
mapping = {charge_date = "day", cost = "cost", description = "text"}
constants = {currency = "USD"}
"""
KEYS = "cost_center, team, product, feature, use_case, customer, environment, workload"

Explain = Callable[..., tuple[int, str, str]]


@pytest.fixture
def settings(workspace: Callable[..., Settings], no_gate: None) -> Settings:
    """One landed bill of two lines, and marts in which the second is shared by two teams."""
    loaded = workspace(SETTINGS)
    (loaded.folder / "bill.csv").write_text(
        "day,cost,text\n2026-10-01,1.5,disk\n2026-10-01,10,gpu time\n"
    )
    land(loaded)
    _write_marts(loaded, Lake(loaded).manifests[0].load_id)
    return loaded


def _write_marts(settings: Settings, load_id: str) -> None:
    settings.publish.mkdir()
    keys = ", ".join(f"null::varchar as {key}" for key in KEYS.split(", ") if key != "team")
    with duckdb.connect(str(settings.publish / "marts.duckdb")) as con:
        for schema in ("landing", "cost_ledger", "allocation"):
            con.execute(f"create schema {schema}")
        con.execute(
            f"""
            create table landing.loads as select '{load_id}' as load_id, 'bill' as source_name,
                'cost_lines' as dataset, '2026-10' as period, 'accepted' as status,
                2 as row_count, 0 as quarantined_rows, timestamp '2026-11-01' as loaded_at;
            create table cost_ledger.charges as select 'charge-2' as charge_id,
                'bill' as source_name, '{load_id}' as load_id, 'bill.csv' as source_file,
                2 as source_row, 10::decimal(38,18) as cost, 10::decimal(38,18) as billed_cost,
                'USD' as billing_currency, 'billed' as evidence_level,
                null::varchar as service_name, 'gpu time' as charge_description,
                null::varchar as sku_id,
                null::varchar as model, date '2026-10-01' as charge_date,
                timestamp '2026-10-01' as billing_period_start, null::date as adjusts_period;
            create table allocation.cost_allocations as
            select 'a-' || team as allocation_id, 'charge-2' as origin_id, 'usage' as method_id,
                null::varchar as rule_id, 'gpu_hours' as driver, 2 as step, ratio,
                cost::decimal(38,18) as cost, team, {keys}, date '2026-10-01' as charge_date
            from (values ('search', 0.3, 3.333333333333333333), ('ads', 0.7, 6.666666666666666667))
                as rows(team, ratio, cost);
            create table allocation.costs_daily as
            select 'day-' || team as costs_daily_id, team, {keys}, cost, charge_date
            from allocation.cost_allocations;
            """
        )


@pytest.fixture
def explain(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Explain:
    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(
            sys, "argv", ["twinledger", "explain", *arguments, "--settings", str(settings.file)]
        )
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return run


def _assert_reaches_the_row(out: str) -> None:
    assert "file bill.csv, row 2" in out
    assert "gpu time" in out
    assert "disk" not in out
    assert "DOES NOT ADD UP" not in out


def test_a_daily_cost_leads_to_the_row_of_the_bill(explain):
    code, out, _ = explain("allocation.costs_daily", "day-search")
    assert code == 0
    assert "the row = its allocation lines, to the last decimal" in out
    assert "the charges = all allocations of them, to the last decimal" in out
    assert "3.333333333333333333" in out
    _assert_reaches_the_row(out)


def test_filters_may_name_several_rows(explain):
    code, out, _ = explain("costs_daily", "charge_date=2026-10-01", "product=")
    assert code == 0
    assert "2 rows, cost 10 USD" in out
    _assert_reaches_the_row(out)


def test_allocations_and_charges_lead_there_too(explain):
    for arguments in (("cost_allocations", "a-ads"), ("cost_allocations", "charge-2")):
        assert explain(*arguments)[0] == 0
    code, out, _ = explain("cost_ledger.charges", "charge-2")
    assert code == 0
    _assert_reaches_the_row(out)


def test_a_sum_that_does_not_add_up_is_said(explain, settings):
    with duckdb.connect(str(settings.publish / "marts.duckdb")) as con:
        con.execute("update allocation.cost_allocations set cost = 3 where team = 'search'")
    out = explain("costs_daily", "day-search")[1]
    assert "DOES NOT ADD UP: the row − its allocation lines = 0.333333333333333333" in out
    assert "DOES NOT ADD UP: the charges − all allocations of them = 0.333333333333333333" in out


def test_a_lake_that_lost_the_load_is_said(explain, settings):
    for manifest in (Path(settings.lake) / "_loads").glob("*.json"):
        manifest.unlink()
    assert "no longer" in explain("charges", "charge-2")[1]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("unit_costs", "x"), 2, "cannot be explained"),
        (("charges", "none"), 1, "has no row none"),
        (("costs_daily", "tema=search"), 2, "'tema=search' is no filter"),
        (("costs_daily", "one", "two"), 2, "2 keys were given"),
        (("costs_daily", "team='; drop table x"), 1, "has no row"),
    ],
)
def test_bad_words_get_a_clear_answer(explain, arguments, code, message):
    found, _, err = explain(*arguments)
    assert found == code
    assert message in err
    assert "next:" in err
