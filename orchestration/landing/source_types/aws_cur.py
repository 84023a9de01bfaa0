"""AWS Cost and Usage Reports: legacy with slashes in the names, its Parquet form, and CUR 2.0.

Tags are one map in CUR 2.0 (`resource_tags`) and a column each before (`resourceTags/user:team`,
in Parquet `resource_tags_user_team`), as are cost categories.
"""

from __future__ import annotations

from orchestration.landing.bill_columns import snake_case, tag_columns
from orchestration.landing.datasets.bills import AWS_CUR
from orchestration.landing.sources import Column, Columns, SourceType
from orchestration.settings import SourceSettings

_REQUIRED = (
    "line_item_unblended_cost",
    "line_item_currency_code",
    "line_item_usage_start_date",
    "bill_billing_period_start_date",
    "line_item_line_item_type",
)
_LEGACY = {
    "line_item_unblended_cost": "lineItem/UnblendedCost",
    "line_item_currency_code": "lineItem/CurrencyCode",
    "line_item_usage_start_date": "lineItem/UsageStartDate",
    "bill_billing_period_start_date": "bill/BillingPeriodStartDate",
    "line_item_line_item_type": "lineItem/LineItemType",
}
_MAPS = {
    "resource_tags": ("resourceTags/", "resource_tags_"),
    "cost_category": ("costCategory/", "cost_category_"),
}


def _columns(source: SourceSettings, available: list[str]) -> Columns:
    by_name = {snake_case(name): name for name in available}
    found: dict[str, Column] = {
        column: by_name[column] for column in AWS_CUR.columns if column in by_name
    }
    # CUR 2.0 keeps the product's name in a map of its attributes.
    if "product_product_name" not in found and "product" in by_name:
        found["product_product_name"] = "product.product_name"
    for column, prefixes in _MAPS.items():
        gathered = next(filter(None, (tag_columns(available, one) for one in prefixes)), None)
        if column not in found and gathered is not None:
            found[column] = gathered
    return {
        column: path
        for column, path in {**found, **source.mapping}.items()
        if column not in source.constants
    }


SOURCE_TYPE = SourceType(
    name="aws_cur",
    dataset=AWS_CUR,
    delivery="snapshot",
    columns=_columns,
    required=lambda source: tuple(
        f"{column}|{_LEGACY[column]}"
        for column in _REQUIRED
        if column not in source.constants and column not in source.mapping
    ),
    extra_column="_extra",
)
