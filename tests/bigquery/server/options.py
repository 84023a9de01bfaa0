"""OPTIONS (…) of DDL: which there are, and what they set."""

from __future__ import annotations

from typing import Any

from tests.bigquery.server import trees
from tests.bigquery.server.errors import BigQueryError, not_implemented
from tests.bigquery.server.session import Session

COLUMN = {"description"}
SCHEMA = {"location", "description", "friendly_name", "labels", "default_table_expiration_days"}
VIEW = {"description", "friendly_name", "labels", "expiration_timestamp"}
TABLE = VIEW | {"partition_expiration_days", "require_partition_filter"}
MATERIALIZED_VIEW = VIEW | {"enable_refresh", "refresh_interval_minutes", "max_staleness"}
# BigQuery has them; here they would be dropped in silence.
UNSUPPORTED = {
    "kms_key_name", "default_rounding_mode", "enable_change_history", "max_staleness", "tags",
    "storage_uri", "file_format", "table_format", "rounding_mode", "default_kms_key_name",
    "default_partition_expiration_days", "is_case_insensitive", "max_time_travel_hours",
    "storage_billing_model", "primary_replica", "privacy_policy", "failover_reservation",
    "is_primary", "default_collation", "data_policies",
}  # fmt: skip
DAY_MS = 86_400_000


def evaluated(session: Session, sql: str, entries: Any, known: set[str]) -> dict[str, Any]:
    """The options by name in lower case. Raises BigQueryError for a name that is none."""
    found: dict[str, Any] = {}
    for entry in entries.options_entries if entries is not None else []:
        name = entry.name.id_string.lower()
        if name not in known and name in UNSUPPORTED:
            not_implemented(f"OPTIONS({name})")
        if name not in known:
            raise BigQueryError(f"Unknown option: {entry.name.id_string}")
        if name in found:
            raise BigQueryError(f"Duplicate option specified for '{entry.name.id_string}'")
        found[name] = value(session, sql, entry.value)
    return found


def value(session: Session, sql: str, expression: Any) -> Any:
    """What an option is set to: mostly a text, which needs no executor."""
    if trees.kind(expression) == "ASTStringLiteral":
        return expression.string_value
    return session.value(trees.text(sql, expression))


def table_changes(options: dict[str, Any], time_partitioning: Any) -> dict[str, Any]:
    """The members of a Table that options set; null sets one back."""
    changes: dict[str, Any] = {}
    for name, value in options.items():
        if name in ("description", "friendly_name"):
            changes[name] = value
        elif name == "labels":
            changes["labels"] = dict(value or [])
        elif name == "expiration_timestamp":
            changes["expires"] = int(value.timestamp() * 1000) if value else None
        elif name == "require_partition_filter":
            changes[name] = bool(value)
        elif name == "partition_expiration_days":
            if not time_partitioning:
                raise BigQueryError("partition_expiration_days needs a partitioned table")
            kept = {k: v for k, v in time_partitioning.items() if k != "expirationMs"}
            expiry = {"expirationMs": str(int(value * DAY_MS))} if value else {}
            changes["time_partitioning"] = {**kept, **expiry}
        else:
            changes.setdefault("options", {})[name] = value
    return changes


def schema_changes(options: dict[str, Any]) -> dict[str, Any]:
    """The members of a Dataset that options set."""
    changes: dict[str, Any] = {}
    resource: dict[str, Any] = {}
    for name, value in options.items():
        if name in ("description", "location"):
            changes[name] = value
        elif name == "labels":
            changes["labels"] = dict(value or [])
        elif name == "friendly_name":
            resource["friendlyName"] = value
        else:
            resource["defaultTableExpirationMs"] = str(int(value * DAY_MS))
    return changes | ({"resource": resource} if resource else {})
