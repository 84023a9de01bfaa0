"""Google's billing export, standard or detailed, as JSON lines or Parquet out of BigQuery."""

from __future__ import annotations

from orchestration.landing.datasets.bills import GCP_BILLING
from orchestration.landing.sources import Column, Columns, Combined, SourceType, paths_of
from orchestration.settings import SourceSettings

_RECORDS = (
    "service", "sku", "project", "location", "resource", "usage", "price",
)  # fmt: skip


def _path(column: str) -> str:
    for record in _RECORDS:
        if column.startswith(f"{record}_") and column not in ("usage_start_time", "usage_end_time"):
            return f"{record}.{column.removeprefix(record + '_')}"
    return "invoice.month" if column == "invoice_month" else column


# Labels are a list of key and value; credits a list of records. Both become one object, of credits
# by their place, since two may have the same name.
_LIST = "from_json({0}, '[\"JSON\"]')"
_COLUMNS: dict[str, Column] = {
    **{column: _path(column) for column in GCP_BILLING.columns},
    "labels": Combined(
        ("labels",),
        "nullif(cast(to_json(map_from_entries(list_transform("
        f"list_distinct(list_transform({_LIST}, lambda item: json_extract_string(item, '$.key'))), "
        "lambda name: {'k': name, 'v': json_extract_string(list_filter("
        f"{_LIST}, lambda item: json_extract_string(item, '$.key') = name)[1], '$.value')}}"
        "))) as varchar), '{}')",
    ),
    "credits": Combined(
        ("credits",),
        "nullif(cast(to_json(map_from_entries(list_transform("
        f"{_LIST}, lambda item, place: {{'k': cast(place - 1 as varchar), 'v': item}}"
        "))) as varchar), '{}')",
    ),
    # An amount that cannot be read stays unread: the row is set aside.
    "credits_amount": Combined(
        ("credits",),
        "cast(list_sum(list_transform("
        f"{_LIST}, lambda item: cast(json_extract_string(item, '$.amount') as decimal(38, 18))"
        ")) as varchar)",
    ),
}


def _columns(source: SourceSettings, available: list[str]) -> Columns:
    tops = {*available}
    found = {
        column: path
        for column, path in _COLUMNS.items()
        if paths_of(path)[0].partition(".")[0] in tops
    }
    return {
        column: path
        for column, path in {**found, **source.mapping}.items()
        if column not in source.constants
    }


SOURCE_TYPE = SourceType(
    name="gcp_billing",
    dataset=GCP_BILLING,
    delivery="snapshot",
    columns=_columns,
    required=lambda source: tuple(
        name
        for name in ("cost", "currency", "usage_start_time", "invoice_month|invoice.month")
        if {name.partition("|")[0]}.isdisjoint([*source.constants, *source.mapping])
    ),
    sparse=("credits", "labels"),
)
