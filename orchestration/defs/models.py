"""Models and seeds as assets, tests as asset checks, and the forecasts between the two phases.

dbt runs as on the command line: all that does not rest on forecasts, then, after these were
issued, the rest; one invocation each, in this process, through the same session.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from orchestration.build import BuildFailedError, DbtSession
from orchestration.defs.dbt_events import events_of
from orchestration.defs.dbt_project import VINTAGES_KEY, Translator, read_nodes
from orchestration.defs.phase_state import begin, finish, note_forecasts
from orchestration.defs.workspace import told_plainly
from orchestration.locks import writer_lock
from orchestration.pipeline import phases
from orchestration.settings import Settings


class BuildConfig(dg.Config):
    """How models are built.

    Attributes:
        full_refresh: compute all days anew, not only those that changed.
    """

    full_refresh: bool = False


def model_assets(settings: Settings, manifest: Mapping[str, Any]) -> list[dg.AssetsDefinition]:
    """The marts, the forecasts computed from them, and the models that show forecasts."""
    late = phases(manifest)
    return [
        _phase(settings, manifest, "marts", exclude=late),
        _forecasts(settings, manifest),
        _phase(settings, manifest, "outlook", select=late),
    ]


def _phase(
    settings: Settings,
    manifest: Mapping[str, Any],
    name: str,
    *,
    select: list[str] | None = None,
    exclude: list[str] | None = None,
) -> dg.AssetsDefinition:
    @dbt_assets(
        manifest=manifest,
        name=name,
        select=" ".join(select) if select else "fqn:*",
        exclude=" ".join(exclude) if exclude else "",
        dagster_dbt_translator=Translator(_late_ids(manifest, select or [])),
        pool="writer",
    )
    def models(context: dg.AssetExecutionContext, config: BuildConfig) -> Iterator[Any]:
        chosen = _chosen(context, manifest)
        with told_plainly(), writer_lock(settings, f"dagster {name}"):
            session = _session(settings, context)
            whole = begin(settings, context.run.run_id, starts=exclude is not None) and not chosen
            failure = None
            try:
                result = session.build(
                    select=chosen or select,
                    exclude=None if chosen else exclude,
                    full_refresh=config.full_refresh,
                )
                finish(settings, result, is_whole=whole, ends=select is not None)
            except BuildFailedError as error:
                failure = error
            yield from events_of(context, settings, session.results, manifest)
            if failure is not None:
                raise failure

    return models


def _late_ids(manifest: Mapping[str, Any], select: list[str]) -> set[str]:
    chosen = {selector.removeprefix("fqn:") for selector in select}
    return {key for key, node in manifest["nodes"].items() if ".".join(node["fqn"]) in chosen}


def _chosen(context: dg.AssetExecutionContext, manifest: Mapping[str, Any]) -> list[str]:
    """dbt selectors of the assets that somebody picked; [] when it is all of them."""
    if not context.is_subset:
        return []
    nodes = read_nodes(manifest)
    checked = {key.asset_key for key in context.selected_asset_check_keys}
    keys = (context.selected_asset_keys or checked) & set(nodes)
    return sorted("fqn:" + ".".join(nodes[key]["fqn"]) for key in keys)


def _session(settings: Settings, context: dg.AssetExecutionContext) -> DbtSession:
    return DbtSession(settings, progress=context.log.info)


def _forecasts(settings: Settings, manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    inputs = [
        key
        for key, node in read_nodes(manifest).items()
        if node["config"].get("meta", {}).get("forecast_input")
    ]

    @dg.asset(
        key=VINTAGES_KEY,
        deps=inputs,
        group_name=VINTAGES_KEY.path[0],
        kinds={"python", "parquet"},
        description="Forecast vintages: issued once, landed, never rewritten.",
        pool="writer",
    )
    def forecast_vintages(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        from orchestration.forecasting import issue_forecasts

        with told_plainly(), writer_lock(settings, "dagster forecasts"):
            result = issue_forecasts(settings, progress=context.log.info)
            note_forecasts(settings, len(result.issued), dict(result.skipped))
        return dg.MaterializeResult(
            metadata={
                "issued": len(result.issued),
                "of_past_months": result.backcasts,
                "dagster/row_count": result.rows,
                "without_forecast": dict(result.skipped),
            }
        )

    return forecast_vintages
