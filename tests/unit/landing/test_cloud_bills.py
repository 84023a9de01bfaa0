"""The clouds' own bills: header styles, tags in columns, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.errors import RefusedError, SettingsError
from orchestration.landing.bill_columns import snake_case
from orchestration.landing.land import land
from orchestration.settings import load_settings

AZURE = "{date},{cost},{currency},ChargeType,PricingModel,ReservationId,Tags\n"


def landed(folder: Path, source_type: str, content: str, settings: str = "") -> list[Any]:
    """Land one CSV file; the rows of its parts as records."""
    (folder / "bill.csv").write_text(content, encoding="utf-8")
    (folder / "twinledger.toml").write_text(
        f'[[sources]]\nname = "bill"\ntype = "{source_type}"\nuri = "bill.csv"\n{settings}',
        encoding="utf-8",
    )
    land(load_settings(folder / "twinledger.toml"))
    parts = folder / "lake" / source_type / "**" / "*.parquet"
    with duckdb.connect() as con:
        result = con.execute(
            f"select * from read_parquet('{parts}', file_row_number=true) order by file_row_number"
        )
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@pytest.mark.parametrize(
    ("legacy", "cur_2"),
    [
        ("lineItem/UnblendedCost", "line_item_unblended_cost"),
        ("savingsPlan/SavingsPlanARN", "savings_plan_savings_plan_a_r_n"),
        ("product/ProductName", "product_product_name"),
        ("pricing/publicOnDemandCost", "pricing_public_on_demand_cost"),
        ("line_item_unblended_cost", "line_item_unblended_cost"),
    ],
)
def test_legacy_names_become_those_of_cur_2(legacy: str, cur_2: str) -> None:
    assert snake_case(legacy) == cur_2


@pytest.mark.parametrize(
    ("prefix", "key"), [("resourceTags/", "user:team"), ("resource_tags_", "user_team")]
)
def test_tags_of_a_column_each_become_one_object(tmp_path: Path, prefix: str, key: str) -> None:
    (row, untagged) = landed(
        tmp_path,
        "aws_cur",
        "lineItem/LineItemType,lineItem/UnblendedCost,lineItem/CurrencyCode,"
        "lineItem/UsageStartDate,bill/BillingPeriodStartDate,product/volumeType,"
        f"{prefix}{key},{prefix}{key}_2\n"
        "Usage,5.2E-9,USD,2026-10-01T00:00:00Z,2026-10-01T00:00:00Z,gp3,search,\n"
        "Usage,1,USD,2026-10-01T01:00:00Z,2026-10-01T00:00:00Z,,,\n",
    )
    assert row["resource_tags"] == f'{{"{key}":"search"}}'
    assert untagged["resource_tags"] is None
    assert row["line_item_unblended_cost"] == Decimal("5.2E-9")
    assert '"product/volumeType":"gp3"' in row["_extra"]


@pytest.mark.parametrize(
    ("date", "cost", "currency", "day"),
    [
        ("Date", "CostInBillingCurrency", "BillingCurrencyCode", "9/2/2026"),
        ("date", "costInBillingCurrency", "billingCurrency", "09/02/2026"),
        ("UsageDateTime", "PreTaxCost", "Currency", "2026-09-02"),
        ("Date", "Cost", "BillingCurrency", "2026-09-02"),
    ],
)
def test_azure_header_styles_are_one(
    tmp_path: Path, date: str, cost: str, currency: str, day: str
) -> None:
    (row,) = landed(
        tmp_path,
        "azure_cost",
        AZURE.format(date=date, cost=cost, currency=currency)
        + f'{day},0.0000564902,CAD,Usage,OnDemand,,"""team"": ""search"""\n',
    )
    assert (row["cost"], row["currency"]) == (Decimal("0.0000564902"), "CAD")
    assert f"{row['date']:%Y-%m-%d}" == "2026-09-02"
    assert row["tags"] == '{"team": "search"}' and row["metric"] == "actual"


def test_rows_shorter_than_the_header_are_read_and_one_cut_off_is_seen(tmp_path: Path) -> None:
    header = "Date,Cost,BillingCurrency,ChargeType,Tags\n"
    whole = "2026-09-02,1,USD,Usage\n2026-09-03,2,USD,Usage\n"
    assert [row["cost"] for row in landed(tmp_path, "azure_cost", header + whole)] == [1, 2]
    with pytest.raises(RefusedError, match="another number of columns"):
        landed(tmp_path, "azure_cost", header + whole + "2026-09-04,3,U\n")


@pytest.mark.parametrize(
    ("source_type", "header", "told"),
    [
        ("azure_cost", "Date,Cost,Tags", 'constants = { currency = "…" }'),
        ("aws_cur", "lineItem/LineItemType,lineItem/UnblendedCost", "lineItem/CurrencyCode"),
        ("oci_cost", "cost/myCost,cost/currencyCode", "lineItem/intervalUsageStart"),
        ("gcp_billing", "currency,usage_start_time,invoice.month", "'cost'"),
    ],
)
def test_a_missing_column_is_named_with_what_to_do(
    tmp_path: Path, source_type: str, header: str, told: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        landed(tmp_path, source_type, f"{header}\n{header}\n")
    assert told in str(refused.value)


def test_an_unknown_metric_is_a_settings_error(tmp_path: Path) -> None:
    content = AZURE.format(date="Date", cost="Cost", currency="BillingCurrency")
    with pytest.raises(SettingsError, match="monthly"):
        landed(tmp_path, "azure_cost", content, 'options = { metric = "monthly" }\n')
