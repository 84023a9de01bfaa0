"""The whole path on real third-party files, compared with the totals stated beside them."""

from __future__ import annotations

import gzip
import json
import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.pipeline import run
from orchestration.settings import load_settings

pytestmark = pytest.mark.slow

BILLS_AND_TRACES = """
[[sources]]
name = "focus_sample"
type = "focus"
uri = "DATA/focus_1_0_sample/*.csv.gz"

[[sources]]
name = "binder"
type = "cost_lines"
uri = "binder/*.json.gz"
delivery = "snapshot_per_file"
format = "json_split"
time_unit = "ms"
mapping = { charge_date = "date", cost = "cost", sub_account = "project_id", service = "line_item", description = "description", sku = "category" }
constants = { currency = "USD", provider = "Google Cloud" }

[[sources]]
name = "azure_code"
type = "token_events"
uri = "DATA/llm_azure_2023/*.csv.gz"
mapping = { started_at = "TIMESTAMP", input_tokens = "ContextTokens", output_tokens = "GeneratedTokens" }
constants = { provider = "azure", model = "gpt-4o", input_includes_cached = false }

[[sources]]
name = "pods"
type = "gpu_jobs"
uri = "DATA/gpu_alibaba_2023/openb_pod*.csv.gz"
time_unit = "s"
epoch = "2023-01-01"
mapping = { job = "name", started_at = "scheduled_time", ended_at = "deletion_time", gpus = "num_gpu", gpu_fraction = "gpu_milli", gpu_model = "gpu_spec", state = "pod_phase", queue = "qos" }
options = { gpu_fraction_scale = 1000 }
"""  # noqa: E501
LAUNCHES_AND_CURRENCIES = """
[reference]
exchange_rates = "exchange_rates.csv"

[[sources]]
name = "binder_daily"
type = "cost_lines"
uri = "DATA/gcp_mybinder_daily/daily_cost_by_project.csv"
mapping = { charge_date = "date", sub_account = "project_id" }
constants = { currency = "USD", provider = "Google Cloud" }

[[sources]]
name = "launches"
type = "units"
uri = "DATA/gcp_mybinder_daily/daily_launches.csv"
mapping = { date = "Date", quantity = "Number of Events" }
constants = { unit = "launch" }

[[sources]]
name = "three_currencies"
type = "cost_lines"
uri = "three_currencies.csv"
"""
# Of three currencies two have a rate; what the real cannot be converted to stays unknown.
THREE_CURRENCIES = """charge_date,cost,currency,service,ledger_category
2020-05-01,10.10,USD,OpenAI API,hosted_inference
2020-05-01,20.000000000000000001,EUR,Amazon EC2,non_ai
2020-05-01,0.333333333333333333,EUR,Amazon EC2,non_ai
2020-05-02,1000,BRL,Amazon EC2,non_ai
2020-05-02,5.55,USD,Pinecone,embedding_retrieval
"""
RATES = "rate_date,from_currency,to_currency,rate\n2020-04-30,EUR,USD,1.087600\n"

STATES = ("2018-02-07", "2018-04-05a", "2018-04-05b", "2018-05-18")


def _workspace(folder: Path, text: str, data: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    relative = os.path.relpath(data, folder)
    (folder / "twinledger.toml").write_text(text.replace("DATA", relative), encoding="utf-8")
    return folder / "twinledger.toml"


@pytest.fixture(scope="module")
def bills(data: Path, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Published marts of real bills and traces; the four states of one bill came one by one."""
    folder = tmp_path_factory.mktemp("real") / "bills"
    settings_file = _workspace(folder, BILLS_AND_TRACES, data)
    (folder / "binder").mkdir()
    states = []
    for name in STATES:
        file = f"data_{name}.json.gz"
        (folder / "binder" / file).symlink_to(data / "gcp_mybinder_line_items" / file)
        settings = load_settings(settings_file)
        if name != STATES[-1]:
            from orchestration.landing.land import land

            land(settings, ["binder"])
        else:
            run(settings)
        states.append(name)
    return duckdb.connect(str(settings.publish / "marts.duckdb"), read_only=True)


@pytest.fixture(scope="module")
def launches(data: Path, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Published marts of a bill with sessions launched, and of a bill in three currencies."""
    folder = tmp_path_factory.mktemp("real") / "launches"
    settings_file = _workspace(folder, LAUNCHES_AND_CURRENCIES, data)
    (folder / "three_currencies.csv").write_text(THREE_CURRENCIES)
    (folder / "exchange_rates.csv").write_text(RATES)
    settings = load_settings(settings_file)
    run(settings)
    return duckdb.connect(str(settings.publish / "marts.duckdb"), read_only=True)


def one(con: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = con.execute(sql).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def test_the_focus_sample_adds_up_in_total_per_provider_and_per_service(
    bills: duckdb.DuckDBPyConnection, data: Path
) -> None:
    stated = json.loads((data / "focus_1_0_sample" / "control_totals.json").read_text())
    where = "from cost_ledger.charges where source_name = 'focus_sample'"
    assert one(bills, f"select sum(billed_cost) {where}") == Decimal("5.69001013875")
    keys = "service_provider_name, service_name"
    found = bills.execute(f"select {keys}, sum(billed_cost) {where} group by all").fetchall()
    assert sorted(found) == sorted(
        (row["ProviderName"], row["ServiceName"], Decimal(row["sum_BilledCost"]))
        for row in stated["by_ServiceName"]
    )
    by_provider = bills.execute(
        f"select service_provider_name, sum(billed_cost) {where} group by all"
    ).fetchall()
    assert sorted(by_provider) == sorted(
        (row["ProviderName"], Decimal(row["sum_BilledCost"])) for row in stated["by_ProviderName"]
    )


@pytest.mark.parametrize(
    ("folder", "state", "source", "group", "key", "column", "amount"),
    [
        ("focus_1_0_sample", None, "focus_sample", "by_SubAccount", "SubAccountId",
         "sub_account_id", "sum_BilledCost"),
        ("focus_1_0_sample", None, "focus_sample", "by_ServiceCategory", "ServiceCategory",
         "service_category", "sum_BilledCost"),
        ("focus_1_0_sample", None, "focus_sample", "by_day", "charge_date",
         "charge_date::text", "sum_BilledCost"),
        ("gcp_mybinder_line_items", STATES[-1], "binder", "by_project", "project_id",
         "sub_account_id", "sum_cost"),
        ("gcp_mybinder_line_items", STATES[-1], "binder", "by_category", "category",
         "sku_id", "sum_cost"),
        ("gcp_mybinder_line_items", STATES[-1], "binder", "by_day", "day",
         "charge_date::text", "sum_cost"),
    ],
)  # fmt: skip
def test_charges_equal_the_control_totals_of_every_account_and_day(
    bills: duckdb.DuckDBPyConnection, data: Path, folder: str, state: str | None, source: str,
    group: str, key: str, column: str, amount: str,
) -> None:  # fmt: skip
    totals = json.loads((data / folder / "control_totals.json").read_text())
    entries = (totals[state] if state else totals)[group]
    expected: dict[str, Decimal] = {}
    for entry in entries:
        expected[entry[key]] = expected.get(entry[key], Decimal(0)) + Decimal(entry[amount])
    found = bills.execute(
        f"select {column}, sum(billed_cost) from cost_ledger.charges where source_name = ? "
        "group by 1",
        [source],
    )
    assert dict(found.fetchall()) == expected


# What each bill books as traffic: lines and money, listed once by hand from the files.
TRANSFERS = {
    "focus_sample": {
        "cdn": (9, "0.0039932414"), "ingress": (91, "0"), "inter_region": (37, "0.0013438764"),
        "inter_zone": (21, "0.0009388789"), "internet_egress": (65, "0.06850811909"),
        "processing": (3, "0.00210303862"),
    },
    "binder": {
        "dedicated_line": (871, "0.002133"), "ingress": (3054, "0"),
        "inter_region": (3935, "0.0671"), "inter_zone": (1226, "6.028315"),
        "internet_egress": (2991, "255.535804"), "intra_zone": (1226, "0"),
        "processing": (1240, "14.230436"), "provider_services": (1242, "0"),
    },
}  # fmt: skip


@pytest.mark.parametrize("source", TRANSFERS)
def test_every_line_that_moves_data_is_found_and_no_other(
    bills: duckdb.DuckDBPyConnection, source: str
) -> None:
    found = bills.execute(
        "select transfer_kind, sum(charges)::int, sum(billed_cost) "
        "from cost_ledger.data_transfer_daily where source_name = ? group by 1",
        [source],
    ).fetchall()
    assert {kind: (count, cost) for kind, count, cost in found} == {
        kind: (count, Decimal(cost)) for kind, (count, cost) in TRANSFERS[source].items()
    }
    # Words of traffic that are none: what a balancer costs by the hour, what logs take in.
    left = bills.execute(
        """
        select distinct regexp_replace(charge_description, '^.*per used ', '')
        from cost_ledger.charges
        where source_name = ? and data_transfer_kind is null
            and regexp_matches(
                lower(charge_description), 'transfer|bytes|gress|network|bandwidth|download|per gb '
            )
            and coalesce(pricing_unit, 'GB') not like '%Month%'
        """,
        [source],
    ).fetchall()
    none_of_it = ("Forwarding Rule", "capacity unit", "log data ingested", "Elastic Throughput")
    assert [text for (text,) in left if not any(word in text for word in none_of_it)] == []


def test_traffic_names_both_ends(bills: duckdb.DuckDBPyConnection) -> None:
    found = bills.execute(
        """
        select service_name, from_region, to_region, sum(charges)::int
        from cost_ledger.data_transfer_daily
        where source_name = 'focus_sample' and transfer_kind = 'inter_region'
            and to_region in ('me-south-1', 'eu-north-1', 'sa-east-1')
        group by all order by all
        """
    ).fetchall()
    assert found == [
        ("Amazon Simple Storage Service", "us-east-1", "me-south-1", 1),
        ("Amazon Simple Storage Service", "us-west-2", "sa-east-1", 1),
        ("Elastic Load Balancing", "us-west-2", "eu-north-1", 1),
    ]
    places = bills.execute(
        "select distinct from_region, to_region from cost_ledger.data_transfer_daily "
        "where source_name = 'binder' and transfer_kind = 'internet_egress' "
        "and from_region = 'EMEA' order by all"
    ).fetchall()
    assert places == [
        ("EMEA", place) for place in ("APAC", "Americas", "Australia", "China", "EMEA")
    ]


def test_bytes_of_traffic_are_whole_on_the_focus_sample(bills: duckdb.DuckDBPyConnection) -> None:
    # A GB is 2^30 bytes: each day's quantities are whole bytes but for the digits cut off.
    found = bills.execute(
        "select bytes, charges from cost_ledger.data_transfer_daily "
        "where source_name = 'focus_sample' and bytes < 1000000"
    ).fetchall()
    assert len(found) > 100
    assert all(abs(size - round(size)) <= Decimal("0.06") * lines for size, lines in found)
    unknown = (
        "select count(bytes) from cost_ledger.data_transfer_daily where source_name = 'binder'"
    )
    assert one(bills, unknown) == 0


def test_rounded_cost_columns_are_named_with_their_rows(
    bills: duckdb.DuckDBPyConnection,
) -> None:
    found = bills.execute(
        "select check_name, observed, severity from governance.data_quality_results "
        "where source_name = 'focus_sample' and not success order by check_name"
    ).fetchall()
    assert [(name, text.split(" not, such as")[0], severity) for name, text, severity in found] == [
        ("contracted_cost_is_not_rounded", "258 of 445 sampled rows", "warn"),
        ("effective_cost_is_not_rounded", "260 of 445 sampled rows", "warn"),
    ]
    # Named, and kept as delivered: 1.624 stays 2. What is 0 beside a cost is unknown: 258 lines of
    # AWS that became 0, and the three of Oracle.
    assert one(
        bills,
        "select max(effective_cost), count(*) filter (effective_cost = 0 and billed_cost <> 0), "
        "count(*) filter (effective_cost is null) from cost_ledger.charges "
        "where source_name = 'focus_sample'",
    ) == (Decimal(2), 0, 261)


def test_each_restated_day_of_the_binder_bill_shows_the_newest_figure(
    bills: duckdb.DuckDBPyConnection, data: Path
) -> None:
    where = "from cost_ledger.charges where source_name = 'binder'"
    assert one(bills, f"select sum(billed_cost), count(*) {where}") == (
        Decimal("32464.863161"),
        25146,
    )
    # The newest state is the whole truth of every day that it covers.
    newest = data / "gcp_mybinder_line_items" / f"data_{STATES[-1]}.json.gz"
    document = json.loads(gzip.decompress(newest.read_bytes()), parse_float=Decimal)
    day, cost = document["columns"].index("date"), document["columns"].index("cost")
    expected: dict[date, Decimal] = {}
    for line in document["data"]:
        on = datetime.fromtimestamp(line[day] / 1000, UTC).date()
        expected[on] = expected.get(on, Decimal(0)) + line[cost]
    found = bills.execute(f"select charge_date, sum(billed_cost) {where} group by 1")
    assert dict(found.fetchall()) == expected


def test_bill_versions_show_what_each_state_changed(bills: duckdb.DuckDBPyConnection) -> None:
    totals = bills.execute(
        "select load_id, sum(billed_cost) from cost_ledger.bill_versions "
        "where source_name = 'binder' group by 1 order by 1"
    ).fetchall()
    assert [total for _, total in totals] == [
        Decimal("9218.024991"),
        Decimal("9702.837037"),
        Decimal("22199.200712"),
        Decimal("32464.863161"),
    ]
    february = bills.execute(
        "select billed_cost_difference from cost_ledger.bill_versions "
        "where source_name = 'binder' and period = '2018-02' order by load_id"
    ).fetchall()
    assert [row[0] for row in february] == [
        None,
        Decimal(0),
        Decimal("4803.671822") - Decimal("861.696402"),
        Decimal(0),
    ]


def test_the_code_trace_keeps_every_request_and_token(bills: duckdb.DuckDBPyConnection) -> None:
    assert one(
        bills,
        "select sum(requests), sum(input_uncached_tokens), sum(output_visible_tokens), "
        "sum(total_tokens) from cost_ledger.token_usage_daily where source_name = 'azure_code'",
    ) == (8819, 18_059_974, 245_896, 18_305_870)


def test_the_gpu_trace_keeps_every_gpu_hour(bills: duckdb.DuckDBPyConnection) -> None:
    hours = one(bills, "select sum(allocated_gpu_hours) from cost_ledger.gpu_hours")
    assert round(Decimal(hours), 6) == Decimal("49679.950514")


def test_cost_per_launch_is_the_stated_one_by_month(launches: duckdb.DuckDBPyConnection) -> None:
    found = launches.execute(
        "select strftime(period_start, '%Y-%m'), round(unit_cost, 9), units "
        "from unit_economics.unit_costs "
        "where metric = 'cost_per_launch' and entity_type = 'all' order by 1"
    ).fetchall()
    assert [(month, f"{cost:.9f}", int(units)) for month, cost, units in found] == [
        ("2018-11", "0.009748331", 325_898),
        ("2018-12", "0.012792644", 275_521),
        ("2019-01", "0.009928740", 349_058),
        ("2019-02", "0.009089393", 391_773),
        ("2019-03", "0.009861293", 428_099),
        ("2019-04", "0.010785902", 429_943),
    ]


@pytest.mark.parametrize("marts", ["bills", "launches"])
def test_allocations_add_up_to_the_charges_by_day_and_category(
    marts: str, request: pytest.FixtureRequest
) -> None:
    con: duckdb.DuckDBPyConnection = request.getfixturevalue(marts)
    query = (
        "select charge_date, ledger_category, sum(cost), sum(billed_cost{}) "
        "from {} group by 1, 2 order by 1, 2"
    )
    charges = con.execute(query.format("_reporting", "cost_ledger.charges")).fetchall()
    allocations = con.execute(query.format("", "allocation.cost_allocations")).fetchall()
    assert charges == allocations
    daily = "select charge_date, ledger_category, sum(cost) from {} group by 1, 2 order by 1, 2"
    assert con.execute(daily.format("allocation.costs_daily")).fetchall() == [
        row[:3] for row in charges
    ]


def test_a_currency_without_a_rate_is_unknown_and_never_zero(
    launches: duckdb.DuckDBPyConnection,
) -> None:
    found = launches.execute(
        "select billing_currency, sum(cost), sum(billed_cost), bool_or(has_exchange_rate) "
        "from cost_ledger.charges where source_name = 'three_currencies' group by 1 order by 1"
    ).fetchall()
    euros = Decimal("20.333333333333333334")
    assert found == [
        ("BRL", None, Decimal(1000), False),
        ("EUR", sum_of_lines(), euros, True),
        ("USD", Decimal("15.65"), Decimal("15.65"), True),
    ]


def sum_of_lines() -> Decimal:
    """The two lines in euros, each converted and kept to 18 decimals."""
    lines = ("20.000000000000000001", "0.333333333333333333")
    return sum((round(Decimal(line) * Decimal("1.0876"), 18) for line in lines), start=Decimal(0))
