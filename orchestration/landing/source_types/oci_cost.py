"""Oracle's cost reports: CSV (gz) with a column a tag (`tags/Oracle-Tags.CreatedBy`)."""

from __future__ import annotations

from orchestration.landing.bill_columns import snake_case, tag_columns
from orchestration.landing.datasets.bills import OCI_COST
from orchestration.landing.sources import Column, Columns, SourceType
from orchestration.settings import SourceSettings

_REQUIRED = {
    "cost_my_cost": "cost/myCost",
    "cost_currency_code": "cost/currencyCode",
    "line_item_interval_usage_start": "lineItem/intervalUsageStart",
}


def _columns(source: SourceSettings, available: list[str]) -> Columns:
    by_name = {snake_case(name): name for name in available}
    found: dict[str, Column] = {
        column: by_name[column] for column in OCI_COST.columns if column in by_name
    }
    tags = tag_columns(available, "tags/")
    if tags is not None:
        found["tags"] = tags
    return {
        column: path
        for column, path in {**found, **source.mapping}.items()
        if column not in source.constants
    }


SOURCE_TYPE = SourceType(
    name="oci_cost",
    dataset=OCI_COST,
    # Reports of a day come as several files, each with hours of its own.
    delivery="append",
    columns=_columns,
    required=lambda source: tuple(
        f"{column}|{name}"
        for column, name in _REQUIRED.items()
        if column not in source.constants and column not in source.mapping
    ),
    extra_column="_extra",
)
