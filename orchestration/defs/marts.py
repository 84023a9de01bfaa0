"""The last asset: the published marts that readers open."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import dagster as dg

from orchestration.build.state import read_state
from orchestration.defs.dbt_project import node_key
from orchestration.defs.workspace import told_plainly
from orchestration.pipeline import publish_step
from orchestration.publishing.tables import public_ids
from orchestration.settings import Settings
from orchestration.warehouse import warehouse

STALE_AFTER = timedelta(hours=36)
"""A day and a half: one missed daily build shows before the second one."""


def published_marts(settings: Settings, manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """What readers see, replaced after the audit: `marts.duckdb`, or the views on BigQuery."""
    engine = warehouse(settings)
    prefix = engine.environment()["TWINLEDGER_SCHEMA_PREFIX"]
    nodes = {**manifest["nodes"], **manifest["sources"]}

    @dg.asset(
        key=["published", "marts"],
        deps=sorted(node_key(nodes[unique_id]) for unique_id in public_ids(manifest, prefix)),
        group_name="published",
        kinds={"duckdb", "parquet"} if engine.kind == "duckdb" else {engine.kind},
        description=(
            "The public tables as readers open them. A build that failed, or that nothing new "
            "went into, replaces nothing."
        ),
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=STALE_AFTER),
        pool="writer",
    )
    def marts(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        state, last = read_state(settings), engine.last_publish()
        if state and last and last.inputs_hash == state.inputs_hash:
            return dg.MaterializeResult(
                metadata={"publish_id": last.publish_id, "published": "nothing new"}
            )
        with told_plainly():
            result = publish_step(settings, progress=context.log.info)
        return dg.MaterializeResult(
            metadata={
                "publish_id": result.publish_id,
                "tables": result.tables,
                "dagster/row_count": result.rows,
                "place": result.place.removeprefix(f"{settings.folder}/"),
            }
        )

    return marts
