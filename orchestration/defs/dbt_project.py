"""The dbt project as Dagster sees it: its manifest, its keys, its words."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject
from filelock import FileLock

from orchestration.build import DbtSession
from orchestration.fingerprint import code_hash
from orchestration.settings import Settings

VINTAGES_KEY = dg.AssetKey(["planning", "forecast_vintages"])
PRICES_KEY = dg.AssetKey(["landing", "prices"])


class Translator(DagsterDbtTranslator):
    """Keys are schema and name, groups are the layers, descriptions are the models' own.

    Args:
        late: ids of the models that rest on forecasts. They wait for the vintages, which are
            landed; the edge leads to the models that show them instead of back to `landing`, so
            that the picture runs from left to right.
    """

    def __init__(self, late: Collection[str] = ()) -> None:
        super().__init__()
        self.late = late

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """The spec, with the vintages among what it depends on."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        parents = manifest.get("parent_map", {}).get(unique_id, [])
        if unique_id in self.late and any(parent in self.late for parent in parents):
            return spec.merge_attributes(deps=[VINTAGES_KEY])
        return spec

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`cost_ledger/charges`."""
        return node_key(dbt_resource_props)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The layer; of a model that says it reads later ones, the last of these: an edge back
        would turn the picture round."""
        meta = dbt_resource_props["config"].get("meta", {})
        return str([dbt_resource_props["schema"], *meta.get("reads_later_layers", [])][-1])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """What the model says of itself, never its SQL."""
        return " ".join((dbt_resource_props.get("description") or "").split())


def node_key(node: Mapping[str, Any]) -> dg.AssetKey:
    """The asset key of a model, seed or source of the manifest."""
    return dg.AssetKey([node["schema"], node["name"]])


class _LineageSession(DbtSession):
    """Parses into a folder of its own: definitions are loaded while a run may be writing."""

    @property
    def target(self) -> Path:
        return self.settings.work / "dagster"


def load_manifest(settings: Settings) -> dict[str, Any]:
    """dbt's manifest; parsed anew only when models, macros, seeds or this package changed.

    Raises:
        AuditError: the project itself is broken.
    """
    lock = settings.work / "locks" / "lineage.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    # Dagster's web server, daemon and code servers load definitions at the same time: one parses.
    with FileLock(lock):
        session = _LineageSession(settings)
        file, stamp = session.target / "manifest.json", session.target / "code_hash"
        code = code_hash()
        if not (file.is_file() and stamp.is_file() and stamp.read_text("utf-8") == code):
            session.parse()
            stamp.write_text(code, encoding="utf-8")
        manifest: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return manifest


def read_nodes(manifest: Mapping[str, Any]) -> dict[dg.AssetKey, Mapping[str, Any]]:
    """Models and seeds by asset key."""
    return {
        node_key(node): node
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed", "snapshot")
    }
