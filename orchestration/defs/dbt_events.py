"""dbt's results as Dagster events: models materialized, tests checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from orchestration.build.runner import open_build
from orchestration.defs.dbt_project import Translator, node_key
from orchestration.settings import Settings


def events_of(
    context: dg.AssetExecutionContext,
    settings: Settings,
    results: Sequence[Any],
    manifest: Mapping[str, Any],
) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
    """One event a model, seed or test of this invocation that Dagster asked for.

    Args:
        results: dbt's RunResult objects.
    """
    rows = _row_counts(settings)
    for result in results:
        unique_id, status = result.node.unique_id, str(result.status)
        if unique_id.startswith("test."):
            yield from _check(context, result, manifest)
        elif status == "success" and unique_id in manifest["nodes"]:
            node = manifest["nodes"][unique_id]
            if (key := node_key(node)) in context.selected_asset_keys:
                metadata: dict[str, Any] = {"seconds": round(result.execution_time, 2)}
                if (node["schema"], node["name"]) in rows:
                    metadata["dagster/row_count"] = rows[node["schema"], node["name"]]
                yield dg.MaterializeResult(asset_key=key, metadata=metadata)
        elif status not in ("success", "skipped"):
            context.log.error(f"{unique_id}: {status}: {result.message}")


def _check(
    context: dg.AssetExecutionContext, result: Any, manifest: Mapping[str, Any]
) -> Iterator[dg.AssetCheckResult]:
    key = get_asset_check_key_for_test(manifest, Translator(), result.node.unique_id, None)
    status = str(result.status)
    if key is None or key not in context.selected_asset_check_keys:
        if status not in ("pass", "skipped"):
            context.log.warning(f"{result.node.name}: {status}: {result.message}")
        return
    if status == "skipped":
        return
    yield dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=status == "pass",
        severity=dg.AssetCheckSeverity.WARN if status == "warn" else dg.AssetCheckSeverity.ERROR,
        metadata={"failing_rows": result.failures or 0, "message": result.message or "none"},
    )


def _row_counts(settings: Settings) -> dict[tuple[str, str], int]:
    """Rows of each table of the build file, from its catalogue; views are not counted."""
    try:
        with open_build(settings, read_only=True) as con:
            found = con.execute(
                "select schema_name, table_name, estimated_size from duckdb_tables()"
            ).fetchall()
    except duckdb.Error:
        return {}
    return {(schema, name): int(size) for schema, name, size in found}
