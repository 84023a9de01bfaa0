"""Before a build on BigQuery: landing views and small tables, each replaced only if it changed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from orchestration.landing.datasets import DATASETS, Dataset
from orchestration.landing.lake import Lake
from orchestration.landing.records import (
    COLUMNS,
    Landed,
    Record,
    landed,
    small_tables,
)
from orchestration.warehouse.bigquery.client import CONTENT, Client, fields_of
from orchestration.warehouse.bigquery.lake_tables import quarantine_table
from orchestration.warehouse.bigquery.rows import arrow_table
from orchestration.warehouse.bigquery.views import (
    STANDING,
    STANDING_COLUMNS,
    landing_view,
    quarantine_view,
    repeated_rows,
    standing_loads,
)

Contents = dict[str, str]


def register_landing(client: Client, as_of: str | None = None) -> None:
    """Bring `landing` and `quarantine` of the build up to date; the parts are loaded already.

    Each table and view is replaced in one step. `standing_loads` goes first: the views join it, and
    a crash between leaves views over what stands by now.
    """
    names = client.names
    lake = Lake(client.settings)
    found = landed(client.settings, lake, as_of)
    landing, quarantine = names.build("landing"), names.build("quarantine")
    client.ensure_dataset(names.lake)
    loaded = set(client.contents(names.lake))
    contents = {}
    for dataset in (landing, quarantine):
        client.ensure_dataset(dataset, "Twinledger: what stands, as the build sees it.")
        contents[dataset] = client.contents(dataset)
    there = contents[landing]
    supplying = standing_loads(found, _datasets())
    content = _content(STANDING_COLUMNS, supplying)
    if there.get(STANDING) != content:
        _replace_table(client, there, STANDING, STANDING_COLUMNS, supplying, content)
    statements = []
    for item in _datasets():
        rows = landing_view(names, item, found, item.name in loaded)
        aside = quarantine_view(names, item, quarantine_table(item) in loaded)
        statements += _view(client, landing, item.name, rows, there)
        statements += _view(client, quarantine, item.name, aside, contents[quarantine])
    if statements:
        client.query(";\n".join(statements), step="land", doing="replacing the landing views")
    for name, rows_of in small_tables(client.settings, found).items():
        content = _content(COLUMNS[name], rows_of)
        if there.get(name) == content:
            continue
        if name == "standing":
            # What is counted follows from what stands: it need not be counted to be compared.
            _count_shared_records(client, found, rows_of, loaded)
        _replace_table(client, there, name, COLUMNS[name], rows_of, content)


def _datasets() -> list[Dataset]:
    return list(DATASETS.values())


def _count_shared_records(
    client: Client, found: Landed, standing: list[Record], loaded: set[str]
) -> None:
    """Fill `record_count` where several files may share records: only there it must be counted."""
    counted: dict[tuple[str, str, str], int] = {}
    for dataset in {row["dataset"] for row in standing if row["record_count"] is None}:
        repeated = repeated_rows(client.names, DATASETS[dataset], found)
        if repeated is None or dataset not in loaded:
            continue
        for source, period, count in client.rows(
            f"select _source_name, _period, count(*) from ({repeated}) as counted group by 1, 2",
            step="land",
            doing=f"counting the records of {dataset}",
        ):
            counted[dataset, source, period] = count
    for row in standing:
        if row["record_count"] is None:
            key = row["dataset"], row["source_name"], row["period"]
            row["record_count"] = counted.get(key, row["row_count"])


def _view(client: Client, dataset: str, name: str, sql: str, there: Contents) -> list[str]:
    """The statement that replaces a view; nothing where it says the same already."""
    content = _digest(sql)
    if there.get(name) == content:
        return []
    return [
        f"create or replace view {client.names.sql(dataset, name)}\n"
        f'options (labels = [("{CONTENT}", "{content}")])\nas\n{sql}'
    ]


def _replace_table(
    client: Client,
    there: Contents,
    name: str,
    columns: dict[str, str],
    rows: list[Record],
    content: str,
) -> None:
    """Replace a small table by one load job; a label says what it holds."""
    dataset = client.names.build("landing")
    if there.get(name):
        # A crash after the load must not leave the former label on new rows.
        client.label_content(dataset, name, "")
    fields: list[Any] = fields_of(columns)
    client.load(dataset, name, arrow_table(columns, rows), step="land", schema=fields, replace=True)
    client.label_content(dataset, name, content)


def _content(columns: dict[str, str], rows: list[Record]) -> str:
    return _digest(json.dumps([columns, rows], sort_keys=True, default=str))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]
