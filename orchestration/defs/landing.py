"""The landed datasets: what is new is landed, and all that stands is registered for the build."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from orchestration.defs.dbt_project import PRICES_KEY, node_key
from orchestration.defs.deliveries import GROUP, delivery_key, report_deliveries
from orchestration.defs.workspace import told_plainly
from orchestration.landing.datasets import DATASETS
from orchestration.landing.land import land
from orchestration.landing.sources import known_types
from orchestration.locks import writer_lock
from orchestration.settings import Settings
from orchestration.warehouse import warehouse


class LandConfig(dg.Config):
    """How a run lands.

    Attributes:
        force_bills: land bills again although their files look unchanged (month close).
    """

    force_bills: bool = False


def landing_assets(settings: Settings, manifest: Mapping[str, Any]) -> list[dg.AssetsDefinition]:
    """The prices, and in another step every other source of the dbt project."""
    return [_prices(settings), _datasets(settings, manifest)]


def _prices(settings: Settings) -> dg.AssetsDefinition:
    @dg.asset(
        key=PRICES_KEY,
        deps=_deliveries_of(settings, "prices"),
        group_name=GROUP,
        kinds={"python", "parquet"},
        description="Dated prices of hosted models, a snapshot for each version of genai-prices.",
        pool="writer",
    )
    def prices(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        from orchestration.pricing.snapshot import ensure_price_snapshot

        with told_plainly():
            load = ensure_price_snapshot(settings)
        return dg.MaterializeResult(metadata={"load": load or "the snapshot stood already"})

    return prices


def _datasets(settings: Settings, manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    specs = [
        dg.AssetSpec(
            node_key(table),
            deps=_deliveries_of(settings, table["name"]),
            group_name=GROUP,
            kinds={warehouse(settings).kind, "view"},
            description=" ".join(table["description"].split()),
        )
        for table in manifest["sources"].values()
        if node_key(table) != PRICES_KEY
    ]

    @dg.multi_asset(name="landing", specs=specs, pool="writer")
    def datasets(
        context: dg.AssetExecutionContext, config: LandConfig
    ) -> Iterator[dg.MaterializeResult[Any]]:
        with told_plainly(), writer_lock(settings, "landing"):
            try:
                if config.force_bills:
                    land(settings, _bills(settings), force=True, progress=context.log.info)
                land(settings, progress=context.log.info)
            finally:
                report_deliveries(context, settings)
            warehouse(settings).register(None, context.log.info)
        for spec in specs:
            yield dg.MaterializeResult(asset_key=spec.key)

    return datasets


def _deliveries_of(settings: Settings, dataset: str) -> list[dg.AssetKey]:
    """The sources that feed a dataset; the records about deliveries come from all of them."""
    return [
        delivery_key(source.name)
        for source in settings.sources
        if dataset not in DATASETS or known_types()[source.type].dataset.name == dataset
    ]


def _bills(settings: Settings) -> list[str]:
    types = known_types()
    return [source.name for source in settings.sources if types[source.type].dataset.is_bill]
