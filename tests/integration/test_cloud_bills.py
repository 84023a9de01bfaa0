"""The clouds' own bills, landed and published, against the totals stated beside them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.errors import RefusedError
from orchestration.landing.land import land
from orchestration.pipeline import run
from orchestration.settings import Settings, load_settings
from tests.integration.test_focus_examples import LANDED, NO_BILLS, REFUSED, SYNTHETIC
from tests.integration.test_focus_examples import source as focus_source

pytestmark = pytest.mark.slow

SETTINGS = """
[[sources]]
name = "aws"
type = "aws_cur"
uri = "DATA/native_aws_cur/*.csv.gz"

[[sources]]
name = "aws_two"
type = "aws_cur"
uri = "cur2.parquet"

[[sources]]
name = "aws_pods"
type = "aws_cur"
uri = "pods.csv"

[[sources]]
name = "oracle"
type = "oci_cost"
uri = "DATA/native_oci/*.csv.gz"

[[sources]]
name = "azure_ea_canada"
type = "azure_cost"
uri = "DATA/native_azure/ea_export_focus_converters.csv"

[[sources]]
name = "azure_ea"
type = "azure_cost"
uri = "DATA/native_azure/EA_ActualCost_Small.csv"

[[sources]]
name = "azure_enterprise"
type = "azure_cost"
uri = "DATA/native_azure/billing_exports_opencost/headersets/Enterprise.csv"
constants = { currency = "CAD" }

[[sources]]
name = "azure_payg"
type = "azure_cost"
uri = "DATA/native_azure/billing_exports_opencost/headersets/PayAsYouGo.csv"

[[sources]]
name = "azure_template"
type = "azure_cost"
uri = "DATA/native_azure/billing_exports_opencost/values/Template.csv"
constants = { currency = "USD" }

[[sources]]
name = "azure_machine"
type = "azure_cost"
uri = "DATA/native_azure/billing_exports_opencost/values/VirtualMachine.csv"
constants = { currency = "USD" }

[[sources]]
name = "binder_by_category"
type = "cost_lines"
uri = "DATA/gcp_mybinder_daily/daily_cost_by_category.csv"
mapping = { charge_date = "date", service = "category" }
constants = { currency = "USD", provider = "Google Cloud" }

[[sources]]
name = "google"
type = "gcp_billing"
uri = "google.jsonl"

[[sources]]
name = "google_parquet"
type = "gcp_billing"
uri = "google.parquet"
"""

# A savings plan of 1.00 an hour, of which 0.60 is used, and what it covers; a reservation; tax.
CUR_2 = [
    ("SavingsPlanRecurringFee", "1.00", None, "1.00", "0.60", None),
    ("SavingsPlanCoveredUsage", "0.90", "0.60", None, None, "0.90"),
    ("SavingsPlanNegation", "-0.90", None, None, None, None),
    ("Usage", "0.25", None, None, None, "0.25"),
    ("Tax", "0.10", None, None, None, None),
]

# An instance of 4.80 and what its pods took of it: half of what AWS says was split and unused.
PODS = """\
bill_billing_period_start_date,line_item_usage_start_date,line_item_usage_end_date,line_item_currency_code,\
line_item_line_item_type,line_item_unblended_cost,line_item_resource_id,split_line_item_parent_resource_id,\
split_line_item_split_cost,split_line_item_unused_cost,resourceTags/user:team
2026-10-01T00:00:00Z,2026-10-01T05:00:00Z,2026-10-01T06:00:00Z,USD,Usage,4.80,i-1,,,,
2026-10-01T00:00:00Z,2026-10-01T05:00:00Z,2026-10-01T06:00:00Z,USD,Usage,0,pod/a,i-1,1.20,0.30,search
2026-10-01T00:00:00Z,2026-10-01T05:00:00Z,2026-10-01T06:00:00Z,USD,Usage,0,pod/b,i-1,0.60,0.30,
2026-10-01T00:00:00Z,2026-10-01T05:00:00Z,2026-10-01T06:00:00Z,USD,Usage,1.00,i-2,,,,
"""

GOOGLE = [
    {
        "billing_account_id": "01AB",
        "service": {"id": "C7E2", "description": "Vertex AI"},
        "sku": {"id": "1A2B", "description": "Gemini input tokens"},
        "usage_start_time": "2026-09-30T23:00:00Z",
        "usage_end_time": "2026-10-01T00:00:00Z",
        "project": {"id": "prod", "name": "Production", "number": "1"},
        "labels": [{"key": "team", "value": "search"}, {"key": "env", "value": "prod"}],
        "location": {"location": "us-central1", "region": "us-central1"},
        "cost": 10.000000000001,
        "cost_at_list": 12.5,
        "currency": "USD",
        "usage": {"amount": 5.0, "unit": "count", "amount_in_pricing_units": 5.0},
        "credits": [
            {"name": "CUD", "full_name": "Committed use", "amount": -2.5, "id": "c1",
             "type": "COMMITTED_USAGE_DISCOUNT"},
            {"name": "Trial", "full_name": "Free trial", "amount": -0.1, "id": "c2",
             "type": "PROMOTION"},
        ],
        "invoice": {"month": "202610"},
        "cost_type": "regular",
    },
    {
        "billing_account_id": "01AB",
        "service": {"id": "X", "description": "Invoice"},
        "sku": {"id": "T", "description": "Tax"},
        "usage_start_time": "2026-10-31T00:00:00Z",
        "usage_end_time": "2026-11-01T00:00:00Z",
        "cost": 1.9,
        "currency": "USD",
        "credits": [],
        "labels": [],
        "invoice": {"month": "202610"},
        "cost_type": "tax",
    },
]  # fmt: skip


# Two examples repeat lines of the one before: in one workspace they are rightly refused as its
# overlap. tests/integration/test_focus_examples.py lands each alone.
OVERLAPPING = ("commitment_discount_usage_scenario_4.csv", "saas_spend_agreements_a2.csv")
EXAMPLES = [name for name in LANDED if Path(name).name not in OVERLAPPING]
SYNTHETIC_FOLDER = "focus_1_2_1_3_synthetic"
AZURE_FOLDER = "native_azure/billing_exports_opencost"

# (folder, path to the entries in its control totals, source, key of an entry, column of charges)
BY_GROUP = [
    ("native_aws_cur", "by_LineItemType", "aws", "lineItem/LineItemType", "charge_category"),
    ("native_aws_cur", "by_interval_day", "aws", "interval_day", "charge_date::text"),
    ("native_oci", "by_service", "oracle", "product/service", "service_name"),
    ("native_oci", "by_compartment", "oracle", "product/compartmentName", "sub_account_name"),
    ("native_oci", "by_sku", "oracle", "cost/productSku", "sku_id"),
    ("native_oci", "by_interval_start", "oracle", "lineItem/intervalUsageStart",
     "strftime(charge_period_start, '%Y-%m-%dT%H:%MZ')"),
    ("native_oci", "by_created_by", "oracle", "tags/Oracle-Tags.CreatedBy",
     "coalesce(json_extract_string(tags, '$.\"Oracle-Tags.CreatedBy\"'), '')"),
    *[
        ("native_azure", f"ea_export_focus_converters.csv/by_{key}", "azure_ea_canada", key, column)
        for key, column in (("MeterCategory", "service_name"), ("SubscriptionId", "sub_account_id"))
    ],
    *[
        ("native_azure", f"EA_ActualCost_Small.csv/by_{key}", "azure_ea", key, column)
        for key, column in (
            ("MeterCategory", "service_name"), ("SubscriptionName", "sub_account_name"),
            ("ChargeType", "charge_category"),
        )
    ],
    *[
        (SYNTHETIC_FOLDER, f"{name.split('.')[0]}/by_{key}", name, key, column)
        for name in SYNTHETIC
        for key, column in (
            ("ServiceName", "service_name"), ("SubAccountName", "sub_account_name"),
            ("ChargeCategory", "charge_category"), ("BillingCurrency", "billing_currency"),
            ("CommitmentDiscountStatus", "commitment_discount_status"),
        )
    ],
]  # fmt: skip


def key_of(name: str) -> str:
    """A source's name for a file."""
    return Path(name).name.split(".")[0].lower()


def _write_cur_2(file: Path) -> None:
    names = (
        "line_item_line_item_type", "line_item_unblended_cost",
        "savings_plan_savings_plan_effective_cost", "savings_plan_total_commitment_to_date",
        "savings_plan_used_commitment", "pricing_public_on_demand_cost",
    )  # fmt: skip
    money = pa.decimal128(38, 18)
    columns: dict[str, Any] = {
        name: pa.array(
            [value if place == 0 or value is None else Decimal(value) for value in values],
            pa.string() if place == 0 else money,
        )
        for place, (name, values) in enumerate(zip(names, zip(*CUR_2, strict=True), strict=True))
    }
    count = len(CUR_2)
    columns |= {
        "bill_billing_period_start_date": pa.array(["2026-10-01T00:00:00Z"] * count),
        "line_item_usage_start_date": pa.array(["2026-10-01T05:00:00Z"] * count),
        "line_item_usage_end_date": pa.array(["2026-10-01T06:00:00Z"] * count),
        "line_item_currency_code": pa.array(["USD"] * count),
        "bill_payer_account_id": pa.array(["000123456789"] * count),
        "line_item_usage_account_id": pa.array(["000987654321"] * count),
        "line_item_product_code": pa.array(["AmazonBedrock"] * count),
        "savings_plan_savings_plan_a_r_n": pa.array(["arn:sp"] * 3 + [None] * 2),
        "resource_tags": pa.array(
            [[("user_team", "search")]] * count, pa.map_(pa.string(), pa.string())
        ),
        "product": pa.array(
            [[("product_name", "Amazon Bedrock")]] * count, pa.map_(pa.string(), pa.string())
        ),
    }
    pq.write_table(pa.table(columns), file)


@pytest.fixture(scope="module")
def marts(data: Path, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    folder = tmp_path_factory.mktemp("cloud_bills")
    examples = [
        focus_source(
            data / "focus_spec_examples" / name, name.startswith("commitment"), key_of(name)
        )
        for name in EXAMPLES
    ] + [focus_source(data / SYNTHETIC_FOLDER / name, False, key_of(name)) for name in SYNTHETIC]
    text = SETTINGS.replace("DATA", os.path.relpath(data, folder)) + "\n".join(examples)
    (folder / "twinledger.toml").write_text(text, encoding="utf-8")
    _write_cur_2(folder / "cur2.parquet")
    (folder / "pods.csv").write_text(PODS, encoding="utf-8")
    lines = "".join(json.dumps(record) + "\n" for record in GOOGLE)
    (folder / "google.jsonl").write_text(lines, encoding="utf-8")
    other = [{**record, "billing_account_id": "02CD"} for record in GOOGLE]
    pq.write_table(pa.Table.from_pylist(other), folder / "google.parquet")
    run(load_settings(folder / "twinledger.toml"))
    return duckdb.connect(str(folder / "published" / "marts.duckdb"), read_only=True)


def rows(marts: duckdb.DuckDBPyConnection, sql: str, *values: object) -> list[tuple[Any, ...]]:
    return marts.execute(sql, values).fetchall()


def billed(marts: duckdb.DuckDBPyConnection, source: str, by: str = "'all'") -> dict[str, Decimal]:
    found = rows(
        marts,
        f"select {by}, sum(billed_cost) from cost_ledger.charges where source_name = ? group by 1",
        source,
    )
    return dict(found)


def stated(data: Path, folder: str) -> Any:
    return json.loads((data / folder / "control_totals.json").read_text(encoding="utf-8"))


def test_the_legacy_aws_report_adds_up(marts: duckdb.DuckDBPyConnection, data: Path) -> None:
    totals = stated(data, "native_aws_cur")
    assert billed(marts, "aws")["all"] == Decimal(totals["total"]["sum_lineItem/UnblendedCost"])
    assert rows(marts, "select count(*) from cost_ledger.charges where source_name = 'aws'") == [
        (totals["total"]["rows"],)
    ]
    list_cost = rows(
        marts, "select sum(list_cost) from cost_ledger.charges where source_name = 'aws'"
    )
    assert list_cost == [(Decimal(totals["total"]["sum_pricing/publicOnDemandCost"]),)]


def test_a_savings_plan_costs_its_share_where_it_was_used_and_the_rest_as_unused(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(
        marts,
        """
        select coalesce(commitment_discount_status, charge_category), sum(billed_cost),
            sum(effective_cost)
        from cost_ledger.charges where source_name = 'aws_two' group by 1 order by 1
        """,
    )
    # The negation takes off what the covered usage would have cost; both are billed lines.
    assert found == [
        ("Tax", Decimal("0.10"), Decimal("0.10")),
        ("Unused", Decimal("1.00"), Decimal("0.40")),
        ("Usage", Decimal("-0.65"), Decimal("0.25")),
        ("Used", Decimal("0.90"), Decimal("0.60")),
    ]
    assert billed(marts, "aws_two")["all"] == Decimal("1.35")
    described = rows(
        marts,
        "select billing_account_id, service_name, tags from cost_ledger.charges "
        "where source_name = 'aws_two' group by all",
    )
    assert described == [("000123456789", "Amazon Bedrock", '{"user_team":"search"}')]


def test_pods_pay_for_what_they_took_of_their_instance(marts: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        marts,
        """
        select method_id, driver, team, sum(cost) from allocation.cost_allocations
        where source_name = 'aws_pods' and cost <> 0 group by all order by all
        """,
    )
    assert found == [
        ("unallocated", "split_cost", None, Decimal("1.20")),
        ("unallocated", "unused_cost", None, Decimal("1.20")),
        ("unallocated", None, None, Decimal("1.00")),
        ("usage", "split_cost", "search", Decimal("2.40")),
    ]


@pytest.mark.parametrize(
    ("folder", "path", "source", "key", "column"),
    BY_GROUP,
    ids=lambda value: str(value).replace("/", "_"),
)
def test_charges_equal_the_control_totals_of_every_group(
    marts: duckdb.DuckDBPyConnection, data: Path, folder: str, path: str, source: str, key: str,
    column: str,
) -> None:  # fmt: skip
    entries = stated(data, folder)
    for step in path.split("/"):
        entries = entries[step]
    (amount,) = {
        name
        for name in entries[0]
        if name in ("sum_BilledCost", "sum_Cost", "sum_CostInBillingCurrency", "sum_cost/myCost",
                    "sum_lineItem/UnblendedCost")
    }  # fmt: skip
    found = rows(
        marts,
        f"select {column}, sum(billed_cost), count(*) from cost_ledger.charges "
        "where source_name = ? group by 1",
        key_of(source),
    )
    assert {group: (cost, count) for group, cost, count in found} == {
        entry[key]: (Decimal(entry[amount]), entry["rows"]) for entry in entries
    }


def test_the_specification_s_examples_have_their_stated_sums_as_charges(
    marts: duckdb.DuckDBPyConnection, data: Path
) -> None:
    totals = stated(data, "focus_spec_examples")
    for name in EXAMPLES:
        sums = totals[name]["sums_after_removing_currency_formatting"]
        assert billed(marts, key_of(name))["all"] == Decimal(sums["BilledCost"]), name
        effective = rows(
            marts,
            "select sum(effective_cost) from cost_ledger.charges where source_name = ?",
            key_of(name),
        )
        assert effective == [(Decimal(sums["EffectiveCost"]),)], name


def test_the_daily_bill_by_category_adds_up_to_the_stated_sums(
    marts: duckdb.DuckDBPyConnection, data: Path
) -> None:
    totals = stated(data, "gcp_mybinder_daily")
    # Costs in this source are floating-point sums: its README states this tolerance.
    near = Decimal("0.000001")
    found = billed(marts, "binder_by_category", "service_name")
    assert set(found) == set(totals["by_category"])
    for category, cost in found.items():
        assert abs(cost - Decimal(totals["by_category"][category])) <= near
    for month, cost in billed(
        marts, "binder_by_category", "strftime(charge_date, '%Y-%m')"
    ).items():
        assert abs(cost - Decimal(totals["by_month"][month])) <= near


@pytest.mark.usefixtures("no_gate")
def test_an_azure_export_of_one_empty_line_is_refused(
    data: Path, workspace: Callable[..., Settings]
) -> None:
    file = data / AZURE_FOLDER / "headersets" / "BOM.csv"
    settings = workspace(f'[[sources]]\nname = "empty"\ntype = "azure_cost"\nuri = "{file}"\n')
    with pytest.raises(RefusedError) as refusal:
        land(settings)
    assert "cost is empty" in refusal.value.message and refusal.value.row == 1


def test_every_bill_of_the_data_lands_or_is_refused(data: Path) -> None:
    # A file added beside the others, and forgotten here, would never be tried.
    folders = (
        "focus_1_0_sample", "focus_spec_examples", SYNTHETIC_FOLDER, "native_aws_cur", "native_oci",
        "native_azure", "gcp_mybinder_line_items", "gcp_mybinder_daily",
    )  # fmt: skip
    there = {
        file.relative_to(data).as_posix()
        for folder in folders
        for file in (data / folder).rglob("*")
        if file.is_file() and file.name != "control_totals.json"
    }
    in_settings = {
        file.relative_to(data).as_posix()
        for pattern in re.findall(r'uri = "DATA/([^"]+)"', SETTINGS)
        for file in data.glob(pattern)
    }
    tried = {
        *(f"focus_spec_examples/{name}" for name in LANDED),
        *(f"focus_spec_examples/{name}" for name, *_ in REFUSED),
        *(f"{SYNTHETIC_FOLDER}/{name}" for name in (*SYNTHETIC, *NO_BILLS)),
        f"{AZURE_FOLDER}/headersets/BOM.csv",
    }
    elsewhere = {  # test_real_data.py
        name
        for name in there
        if name.startswith(("focus_1_0_sample/", "gcp_mybinder_line_items/"))
        or name in (
            "gcp_mybinder_daily/daily_cost_by_project.csv", "gcp_mybinder_daily/daily_launches.csv"
        )
    }  # fmt: skip
    no_bill = {f"{SYNTHETIC_FOLDER}/numeric_format_examples.json"}
    assert there == in_settings | tried | elsewhere | no_bill


def test_azure_exports_of_every_header_style_add_up(
    marts: duckdb.DuckDBPyConnection, data: Path
) -> None:
    totals = stated(data, "native_azure")
    canada = totals["ea_export_focus_converters.csv"]
    cost = "sum_CostInBillingCurrency"
    assert billed(marts, "azure_ea_canada")["all"] == Decimal(canada["total"][cost])
    spot = next(item for item in canada["by_PricingModel"] if item["PricingModel"] == "Spot")
    assert billed(marts, "azure_ea_canada", "pricing_model")["spot"] == Decimal(spot[cost])
    assert billed(marts, "azure_ea")["all"] == Decimal("8.5450077867419368")
    assert billed(marts, "azure_template")["all"] == Decimal("16.393506212224391")
    assert billed(marts, "azure_payg")["all"] == Decimal("0.075")
    assert billed(marts, "azure_machine")["all"] == 4
    assert billed(marts, "oracle")["all"] == Decimal(stated(data, "native_oci")["sum_cost/myCost"])
    assert billed(marts, "azure_enterprise")["all"] == 0
    tags = rows(
        marts,
        "select json_extract_string(tags, '$.tagB') from cost_ledger.charges "
        "where source_name = 'azure_ea_canada' and tags is not null limit 1",
    )
    assert tags == [("valueB",)]


def test_of_a_reservation_an_actual_export_tells_the_payment_and_not_the_effective_cost(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(
        marts,
        "select distinct effective_cost is null, pricing_model from cost_ledger.charges "
        "where source_name = 'azure_ea' and charge_category = 'Purchase'",
    )
    assert found == [(True, "committed")]


@pytest.mark.parametrize("source", ["google", "google_parquet"])
def test_google_s_credits_are_charges_of_their_own_in_the_invoice_s_month(
    marts: duckdb.DuckDBPyConnection, source: str
) -> None:
    found = rows(
        marts,
        """
        select charge_category, charge_description, billed_cost, billing_period_start::date::text,
            pricing_model, json_extract_string(tags, '$.team')
        from cost_ledger.charges where source_name = ? order by billed_cost desc
        """,
        source,
    )
    month = "2026-10-01"
    assert [
        (category, text, cost, period, team) for category, text, cost, period, _, team in found
    ] == [
        ("Usage", "Gemini input tokens", Decimal("10.000000000001"), month, "search"),
        ("Tax", "Tax", Decimal("1.9"), month, None),
        ("Credit", "Free trial", Decimal("-0.1"), month, "search"),
        ("Credit", "Committed use", Decimal("-2.5"), month, "search"),
    ]
    assert [model for *_, model, _ in found][2:] == ["free", "committed"]
    version = rows(
        marts,
        "select sum(billed_cost) from cost_ledger.bill_versions where source_name = ?",
        source,
    )
    assert version == [(Decimal("9.300000000001"),)]


# What each bill books as traffic: lines and money, listed once by hand from the files.
TRANSFERS = {
    "aws": {
        "ingress": (10, "0"), "inter_region": (143, "0.0000028855"), "inter_zone": (8, "0"),
        "internet_egress": (22, "0"),
    },
    "azure_ea_canada": {
        "inter_zone": (6, "0.203615985501"), "processing": (3, "0.00000001285626"),
    },
    "azure_ea": {},
    "azure_payg": {},
    "azure_template": {"other": (17, "0.00000438")},
    "oracle": {"internet_egress": (25, "0.000007454755640148")},
    "aws_1_2_cost_and_usage_rows100_seed42": {"processing": (3, "30.62756886939275")},
    "azure_1_2_cost_and_usage_rows100_seed42": {"inter_zone": (2, "36.7004212759678")},
    "gcp_1_2_cost_and_usage_rows100_seed42": {},
}  # fmt: skip


@pytest.mark.parametrize("source", TRANSFERS)
def test_every_line_that_moves_data_is_found_and_no_other(
    marts: duckdb.DuckDBPyConnection, source: str
) -> None:
    found = rows(
        marts,
        "select data_transfer_kind, count(*), sum(billed_cost) from cost_ledger.charges "
        "where source_name = ? and data_transfer_kind is not null group by 1",
        source,
    )
    assert {kind: (count, cost) for kind, count, cost in found} == {
        kind: (count, Decimal(cost)) for kind, (count, cost) in TRANSFERS[source].items()
    }
    daily = rows(
        marts,
        "select transfer_kind, sum(charges)::int, sum(billed_cost) "
        "from cost_ledger.data_transfer_daily where source_name = ? group by 1",
        source,
    )
    assert sorted(daily) == sorted(found)


def test_aws_own_product_family_agrees(marts: duckdb.DuckDBPyConnection, data: Path) -> None:
    (file,) = (data / "native_aws_cur").glob("*.csv.gz")
    family = duckdb.sql(
        f"""
        select "lineItem/UsageType", "product/fromRegionCode", "product/toRegionCode", count(*)
        from read_csv('{file}', all_varchar = true)
        where "product/productFamily" = 'Data Transfer' and "product/transferType" <> 'InterRegion Inbound'
        group by all
        """  # noqa: E501
    ).fetchall()
    found = rows(
        marts,
        "select sku_meter, nullif(from_region, 'internet'), nullif(to_region, 'internet'), count(*)"
        " from cost_ledger.charges where source_name = 'aws' and data_transfer_kind is not null"
        " and sku_meter not like '%-AWS-In-Bytes' group by all",
    )
    assert sorted(map(str, found)) == sorted(map(str, family))
    # "Canada (Central) data transfer from US East": AWS' columns name Canada first, which receives.
    inbound = rows(
        marts,
        "select distinct from_region, to_region from cost_ledger.charges "
        "where source_name = 'aws' and sku_meter = 'CAN1-USE1-AWS-In-Bytes'",
    )
    assert inbound == [("us-east-1", "ca-central-1")]


def test_bytes_are_exact_where_the_bill_counts_in_units_of_data(
    marts: duckdb.DuckDBPyConnection, data: Path
) -> None:
    (file,) = (data / "native_aws_cur").glob("*.csv.gz")
    gigabytes = duckdb.sql(
        f"""
        select sum("lineItem/UsageAmount"::decimal(38, 18)) from read_csv('{file}', all_varchar = true)
        where "product/productFamily" = 'Data Transfer'
        """  # noqa: E501
    ).fetchall()
    found = dict(
        rows(
            marts, "select source_name, sum(bytes) from cost_ledger.data_transfer_daily group by 1"
        )
    )
    assert found["aws"] == gigabytes[0][0] * 2**30
    # 25 lines of Oracle, each of whole bytes but for what comes after its twelfth decimal.
    assert abs(found["oracle"] - round(found["oracle"])) < 25 * 2**30 * Decimal("0.5e-12")
    assert found["azure_template"] is None  # The export has no quantities.


def test_the_share_that_nobody_has_named_is_counted(marts: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        marts,
        "select kpi, part, whole from governance.kpi_values where scope = 'source=oracle' "
        "and kpi in ('category_unknown_cost', 'data_transfer_share') order by kpi",
    )
    total = Decimal("1.544251360734384074")
    assert found == [
        ("category_unknown_cost", Decimal(0), total),
        ("data_transfer_share", Decimal("0.000007454755640148"), total),
    ]
