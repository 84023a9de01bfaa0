"""One asset a source: its deliveries, by period. A partition run lands these periods anew."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from orchestration.defs.gate_checks import gate_check_specs, gate_evaluations
from orchestration.defs.partitions import first_year, partitions_of, standing_rows
from orchestration.errors import TwinledgerError
from orchestration.landing.fetch import without_credentials
from orchestration.landing.lake import Lake
from orchestration.landing.land import LandResult, land
from orchestration.landing.sources import known_types
from orchestration.settings import Settings, SourceSettings, is_remote

GROUP = "landing"


def delivery_key(source_name: str) -> dg.AssetKey:
    """The asset of a source's deliveries."""
    return dg.AssetKey(["deliveries", source_name])


def delivery_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """One asset for each configured source."""
    year = first_year(settings)
    return [_delivery_asset(settings, source, year) for source in settings.sources]


def _delivery_asset(settings: Settings, source: SourceSettings, year: str) -> dg.AssetsDefinition:
    dataset = known_types()[source.type].dataset
    key = delivery_key(source.name)
    partitions = partitions_of(source, year)

    spec = dg.AssetSpec(
        key,
        group_name=GROUP,
        kinds={"cloud" if is_remote(source.uri) else "file", "parquet"},
        description=(
            f"What the source {source.name} delivered ({source.type}), accepted by the gate. A run "
            "lands the chosen periods anew; the newest accepted delivery of a period stands."
        ),
        metadata={"uri": without_credentials(source.uri), "dataset": dataset.name},
        partitions_def=partitions,
    )

    # A check whose column a delivery lacks has no result: outputs must be optional.
    @dg.multi_asset(
        name=f"deliveries__{source.name}",
        specs=[spec],
        check_specs=gate_check_specs(source, key),
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run() if partitions else None,
        pool="writer",
    )
    def deliveries(context: dg.AssetExecutionContext) -> Iterator[Any]:
        periods = context.partition_keys if partitions else None
        failure = None
        try:
            [result] = land(
                settings, [source.name], force=True, periods=periods, progress=context.log.info
            )
            yield dg.MaterializeResult(asset_key=key, metadata=_landed(result))
        except TwinledgerError as error:
            failure = error
        for check in gate_evaluations(Lake(settings), source, key):
            yield _as_result(check)
        if failure is not None:
            raise dg.Failure(str(failure), allow_retries=False)

    return deliveries


def _landed(result: LandResult) -> dict[str, Any]:
    return {
        "dagster/partition_row_count": result.rows,
        "loads": ", ".join(result.loads) or "nothing to land",
        "quarantined_rows": result.quarantined_rows,
        "replaced": ", ".join(result.replaced),
    }


def _as_result(check: dg.AssetCheckEvaluation) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=check.asset_key,
        check_name=check.check_name,
        passed=check.passed,
        severity=check.severity,
        metadata=check.metadata,
    )


def report_deliveries(context: dg.AssetExecutionContext, settings: Settings) -> None:
    """Tell Dagster of every period that stands in the lake and of what the gate said.

    The daily job lands all sources in one step; partitions and checks of the sources' own assets
    show it nevertheless.
    """
    lake = Lake(settings)
    for source in settings.sources:
        key = delivery_key(source.name)
        known = context.instance.get_materialized_partitions(key)
        for period, rows in standing_rows(lake.of_source(source.name)).items():
            if period == "all":
                context.log_event(dg.AssetMaterialization(key, metadata={"rows": rows}))
            elif period not in known:
                metadata = {"dagster/partition_row_count": rows}
                event = dg.AssetMaterialization(key, partition=period, metadata=metadata)
                context.log_event(event)
        for check in gate_evaluations(lake, source, key):
            context.log_event(check)
