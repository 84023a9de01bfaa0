"""dbt's results as Dagster events: models materialized, tests checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from orchestration.defs.dbt_project import Translator, node_key
from orchestration.settings import Settings
from orchestration.warehouse import warehouse


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
    built = [
        manifest["nodes"][result.node.unique_id]
        for result in results
        if str(result.status) == "success" and result.node.unique_id in manifest["nodes"]
    ]
    rows = warehouse(settings).row_counts([_place(node) for node in built])
    for result in results:
        unique_id, status = result.node.unique_id, str(result.status)
        if unique_id.startswith("test."):
            yield from _check(context, result, manifest)
        elif status == "success" and unique_id in manifest["nodes"]:
            node = manifest["nodes"][unique_id]
            if (key := node_key(node)) in context.selected_asset_keys:
                metadata: dict[str, Any] = {"seconds": round(result.execution_time, 2)}
                if _place(node) in rows:
                    metadata["dagster/row_count"] = rows[_place(node)]
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


def _place(node: Mapping[str, Any]) -> tuple[str, str]:
    """(layer, table), whatever the engine puts before the layer's name."""
    return node["config"]["schema"], node["name"]
