"""All assets, in the order the data flows."""

from __future__ import annotations

import dagster as dg

from orchestration.defs.dbt_project import load_manifest
from orchestration.defs.deliveries import delivery_assets
from orchestration.defs.landing import landing_assets
from orchestration.defs.marts import published_marts
from orchestration.defs.models import model_assets
from orchestration.settings import Settings


def workspace_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """Deliveries, landed datasets, models, forecasts and the published marts."""
    manifest = load_manifest(settings)
    return [
        *delivery_assets(settings),
        *landing_assets(settings, manifest),
        *model_assets(settings, manifest),
        published_marts(settings, manifest),
    ]
