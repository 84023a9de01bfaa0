"""One asset a source: its deliveries, by period. A partition run lands these periods anew."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from orchestration.defs.partitions import first_year, partitions_of, standing_rows
from orchestration.defs.workspace import told_plainly
from orchestration.landing.fetch import without_credentials
from orchestration.landing.gate import suite_of
from orchestration.landing.lake import Lake, Manifest
from orchestration.landing.land import LandResult, land
from orchestration.landing.sources import known_types
from orchestration.settings import Settings, SourceSettings

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

    @dg.asset(
        key=key,
        group_name=GROUP,
        kinds={"file" if "://" not in source.uri else "cloud", "parquet"},
        description=(
            f"What the source {source.name} delivered ({source.type}), accepted by the gate. A run "
            "lands the chosen periods anew; the newest accepted delivery of a period stands."
        ),
        metadata={"uri": without_credentials(source.uri), "dataset": dataset.name},
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run() if partitions else None,
        check_specs=[
            dg.AssetCheckSpec(
                name=expectation["meta"]["name"], asset=key, description=expectation["meta"]["why"]
            )
            for expectation in suite_of(dataset.name)
        ],
        pool="writer",
    )
    def deliveries(context: dg.AssetExecutionContext) -> Iterator[Any]:
        periods = context.partition_keys if partitions else None
        with told_plainly():
            [result] = land(
                settings, [source.name], force=True, periods=periods, progress=context.log.info
            )
        yield dg.MaterializeResult(metadata=_landed(result))
        for check in gate_checks(Lake(settings).of_source(source.name)):
            yield dg.AssetCheckResult(asset_key=key, **check)

    return deliveries


def _landed(result: LandResult) -> dict[str, Any]:
    return {
        "dagster/partition_row_count": result.rows,
        "loads": ", ".join(result.loads) or "nothing to land",
        "quarantined_rows": result.quarantined_rows,
        "replaced": ", ".join(result.replaced),
    }


def gate_checks(manifests: list[Manifest]) -> list[dict[str, Any]]:
    """What the gate said of a source's newest judged load, as arguments of check events."""
    judged = next((item for item in reversed(manifests) if item.gate), None)
    return [
        {
            "check_name": check["check_name"],
            "passed": bool(check["success"]),
            "severity": dg.AssetCheckSeverity.ERROR
            if check["severity"] == "refuse"
            else dg.AssetCheckSeverity.WARN,
            "metadata": {
                "observed": check["observed"] or "the check could not run",
                "expected": check["expected"] or "",
                "periods": ", ".join(check["failed_periods"]),
            },
        }
        for check in (judged.gate if judged else ())
    ]


def report_deliveries(context: dg.AssetExecutionContext, settings: Settings) -> None:
    """Tell Dagster of every period that stands in the lake and of what the gate said.

    The daily job lands all sources in one step; partitions and checks of the sources' own assets
    show it nevertheless.
    """
    lake = Lake(settings)
    for source in settings.sources:
        key = delivery_key(source.name)
        manifests = lake.of_source(source.name)
        known = context.instance.get_materialized_partitions(key)
        for period, rows in standing_rows(manifests).items():
            if period == "all":
                context.log_event(dg.AssetMaterialization(key, metadata={"rows": rows}))
            elif period not in known:
                metadata = {"dagster/partition_row_count": rows}
                event = dg.AssetMaterialization(key, partition=period, metadata=metadata)
                context.log_event(event)
        for check in gate_checks(manifests):
            context.log_event(dg.AssetCheckEvaluation(asset_key=key, **check))
