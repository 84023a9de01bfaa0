"""`publish_log` on BigQuery: its newest row is what readers see; adding it is the commit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from orchestration.publishing.log import COLUMNS, COMMENTS, LastPublish
from orchestration.warehouse.bigquery.client import TYPES, Client

LAYER = "governance"
"""The layer in whose dataset the log stands: BigQuery has no table outside a dataset."""
TABLE = "publish_log"


def log_table(client: Client) -> str:
    """The log's whole name, quoted."""
    return client.names.sql(client.names.public(LAYER), TABLE)


def last_publishes(client: Client, limit: int) -> list[LastPublish]:
    """The newest rows of the log, newest first; empty where nothing was published yet."""
    if client.table(client.names.public(LAYER), TABLE) is None:
        return []
    rows = client.rows(
        "select publish_id, inputs_hash, published_at, row_count, table_count, totals"
        f" from {log_table(client)} order by published_at desc, publish_id desc limit {limit}",
        step="query",
        doing="reading the publish log",
    )
    return [LastPublish(*(without_zone(value) for value in row)) for row in rows]


def last_publish(client: Client) -> LastPublish | None:
    """The newest publish that readers see, or None."""
    return next(iter(last_publishes(client, 1)), None)


def create_log(client: Client) -> None:
    """Make the log where it is missing, with its descriptions."""
    client.ensure_dataset(client.names.public(LAYER))
    columns = ", ".join(
        f"{name} {TYPES[kind]} options (description = {text_literal(COMMENTS[name])})"
        for name, kind in COLUMNS.items()
    )
    client.query(
        f"create table if not exists {log_table(client)} ({columns})"
        f" options (description = {text_literal(COMMENTS[''])})",
        step="publish",
        doing="creating the publish log",
    )


def log_insert(client: Client, row: Mapping[str, Any]) -> str:
    """The statement that adds a row to the log."""
    values = ", ".join(literal(value) for value in row.values())
    return f"insert into {log_table(client)} ({', '.join(row)}) values ({values})"


def without_zone(value: Any) -> Any:
    """A TIMESTAMP as all times in the marts: UTC, without a zone."""
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def text_literal(text: str) -> str:
    """A GoogleSQL text literal, whatever the text holds; JSON's escapes are among GoogleSQL's."""
    return json.dumps(text, ensure_ascii=False)


def literal(value: str | int | date | None) -> str:
    """A GoogleSQL literal of a text, whole number, date, or time in UTC without a zone."""
    if value is None:
        return "null"
    if isinstance(value, datetime):
        return f"timestamp '{value.isoformat(sep=' ')}+00'"
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    return text_literal(value) if isinstance(value, str) else str(value)
