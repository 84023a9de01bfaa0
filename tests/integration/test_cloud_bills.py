"""The clouds' own bills, landed and published, against the totals stated beside them."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.pipeline import run
from orchestration.settings import load_settings

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
    text = SETTINGS.replace("DATA", os.path.relpath(data, folder))
    (folder / "twinledger.toml").write_text(text, encoding="utf-8")
    _write_cur_2(folder / "cur2.parquet")
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


def test_the_legacy_aws_report_adds_up_per_type_product_and_day(
    marts: duckdb.DuckDBPyConnection, data: Path
) -> None:
    totals = stated(data, "native_aws_cur")
    assert billed(marts, "aws")["all"] == Decimal(totals["total"]["sum_lineItem/UnblendedCost"])
    assert rows(marts, "select count(*) from cost_ledger.charges where source_name = 'aws'") == [
        (totals["total"]["rows"],)
    ]
    assert billed(marts, "aws", "charge_category") == {
        entry["lineItem/LineItemType"]: Decimal(entry["sum_lineItem/UnblendedCost"])
        for entry in totals["by_LineItemType"]
    }
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


def test_the_oracle_report_adds_up_per_service_compartment_hour_and_sku(
    marts: duckdb.DuckDBPyConnection, data: Path
) -> None:
    totals = stated(data, "native_oci")
    assert billed(marts, "oracle")["all"] == Decimal(totals["sum_cost/myCost"])
    for by, key, column in (
        ("by_service", "product/service", "service_name"),
        ("by_compartment", "product/compartmentName", "sub_account_name"),
        ("by_sku", "cost/productSku", "sku_id"),
        ("by_interval_start", "lineItem/intervalUsageStart",
         "strftime(charge_period_start, '%Y-%m-%dT%H:%MZ')"),
        ("by_created_by", "tags/Oracle-Tags.CreatedBy",
         "coalesce(json_extract_string(tags, '$.\"Oracle-Tags.CreatedBy\"'), '')"),
    ):  # fmt: skip
        expected = {entry[key]: Decimal(entry["sum_cost/myCost"]) for entry in totals[by]}
        assert billed(marts, "oracle", column) == expected, by


def test_azure_exports_of_every_header_style_add_up(
    marts: duckdb.DuckDBPyConnection, data: Path
) -> None:
    totals = stated(data, "native_azure")
    canada = totals["ea_export_focus_converters.csv"]
    cost = "sum_CostInBillingCurrency"
    assert billed(marts, "azure_ea_canada")["all"] == Decimal(canada["total"][cost])
    for by, column in (("MeterCategory", "service_name"), ("SubscriptionId", "sub_account_id")):
        expected = {entry[by]: Decimal(entry[cost]) for entry in canada[f"by_{by}"]}
        assert billed(marts, "azure_ea_canada", column) == expected
    spot = next(item for item in canada["by_PricingModel"] if item["PricingModel"] == "Spot")
    assert billed(marts, "azure_ea_canada", "pricing_model")["spot"] == Decimal(spot[cost])
    assert billed(marts, "azure_ea")["all"] == Decimal("8.5450077867419368")
    assert billed(marts, "azure_template")["all"] == Decimal("16.393506212224391")
    assert billed(marts, "azure_payg")["all"] == Decimal("0.075")
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
