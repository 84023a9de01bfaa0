"""Microsoft's cost exports, actual or amortised, in the header styles of their agreements.

`options.metric` says which they are: "actual" (default), where a reservation is paid for at once
and what it covers is free, or "amortized", where it is spread over what it covers.
"""

from __future__ import annotations

from orchestration.errors import SettingsError
from orchestration.landing.bill_columns import letters
from orchestration.landing.datasets.bills import AZURE_COST
from orchestration.landing.readers import csv_with_short_rows
from orchestration.landing.sources import Column, Columns, Combined, SourceType
from orchestration.settings import SourceSettings, nearest

# Landed column → what agreements call it, the surest name first.
_NAMES = {
    "date": ("date", "usagedatetime", "usagedate"),
    "cost": ("costinbillingcurrency", "cost", "pretaxcost"),
    "currency": ("billingcurrencycode", "billingcurrency", "currency", "currencycode"),
    "quantity": ("quantity", "usagequantity", "consumedquantity"),
    "effectiveprice": ("effectiveprice", "resourcerate"),
    "paygcost": ("paygcostinbillingcurrency",),
    "invoicesectionname": ("invoicesectionname", "invoicesection", "departmentname"),
    "subscriptionid": ("subscriptionid", "subscriptionguid"),
    "resourcegroup": ("resourcegroup", "resourcegroupname"),
    "resourceid": ("resourceid", "instanceid"),
    "product": ("productname", "product"),
}
METRICS = ("actual", "amortized")


def _columns(source: SourceSettings, available: list[str]) -> Columns:
    by_name = {letters(name): name for name in reversed(available)}
    found: dict[str, Column] = {}
    for column in AZURE_COST.columns:
        names = _NAMES.get(column, (column,))
        name = next((by_name[one] for one in names if one in by_name), None)
        if name is not None:
            found[column] = name
    found |= source.mapping
    tags = found.get("tags")
    if isinstance(tags, str):
        # Exports write the members of the object with or without its braces.
        found["tags"] = Combined((tags,), "if({0} like '{%', {0}, '{' || {0} || '}')")
    found["metric"] = Combined((), f"'{source.options.get('metric', 'actual')}'")
    return {column: path for column, path in found.items() if column not in source.constants}


def _required(source: SourceSettings) -> tuple[str, ...]:
    spelled = {
        "date": "date|Date|UsageDateTime|UsageDate",
        "cost": "cost|CostInBillingCurrency|costInBillingCurrency|costinbillingcurrency|Cost"
        "|PreTaxCost",
        "currency": "currency|BillingCurrencyCode|BillingCurrency|billingCurrency|Currency",
    }
    return tuple(
        name
        for column, name in spelled.items()
        if column not in source.constants and column not in source.mapping
    )


def _check(source: SourceSettings) -> None:
    for option in source.options:
        if option != "metric":
            raise SettingsError(
                f"source '{source.name}': unknown option '{option}'", nearest(option, ["metric"])
            )
    if source.options.get("metric", "actual") not in METRICS:
        raise SettingsError(
            f"source '{source.name}': metric is '{source.options['metric']}'",
            'an export is metric = "actual" or "amortized"',
        )


SOURCE_TYPE = SourceType(
    name="azure_cost",
    dataset=AZURE_COST,
    delivery="snapshot",
    columns=_columns,
    required=_required,
    check=_check,
    extra_column="_extra",
    reader=csv_with_short_rows,
)
