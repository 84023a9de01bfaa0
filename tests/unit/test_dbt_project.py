"""The dbt project: layers in order, everything described, unit tests true, nothing builds too.

One dbt invocation for the module: an empty workspace is built with the shipped seeds, unit tests
included. (Unit tests never run on a workspace: dbt writes their compiled seeds under the seeds' own
path, which there is the overlay.)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.landing.register import register_landing
from orchestration.settings import PROJECT_ROOT, load_settings

LAYERS = [
    "landing",
    "reference",
    "staging",
    "cost_ledger",
    "allocation",
    "unit_economics",
    "value_ledger",
    "planning",
    "optimization",
    "governance",
]
"""In the order the data flows: a model reads its own layer or one to the left."""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dbt's artifacts of a build of nothing."""
    folder = tmp_path_factory.mktemp("empty")
    (folder / "twinledger.toml").write_text("", encoding="utf-8")
    settings = load_settings(folder / "twinledger.toml")
    with duckdb.connect(str(settings.build)) as con:
        register_landing(con, settings)
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("TWINLEDGER_")},
        "TWINLEDGER_BUILD": str(settings.build),
    }
    outcome = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("dbt")), "--warn-error-options"),
            *('{"error": "all", "warn": ["LogTestResult"]}', "--no-use-colors", "build"),
            *("--target", "ci", "--profiles-dir", "profiles"),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        ],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout[-5000:] + outcome.stderr[-2000:]
    return folder / "target"


@pytest.fixture(scope="module")
def manifest(target: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    return loaded


def _layer(node: dict[str, Any]) -> str:
    return str(node["schema"])


def _models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def test_unit_tests_were_run(target: Path) -> None:
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    statuses = {
        result["unique_id"]: result["status"]
        for result in results
        if result["unique_id"].startswith("unit_test.")
    }

    assert len(statuses) >= 18
    assert set(statuses.values()) == {"pass"}


def test_layers_read_from_left_to_right(manifest: dict[str, Any]) -> None:
    nodes = {**manifest["nodes"], **manifest["sources"]}
    ahead: dict[str, set[str]] = {}
    for node in _models(manifest):
        for parent in node["depends_on"]["nodes"]:
            declared = _later_layers(nodes[parent])
            for layer in {_layer(nodes[parent]), *declared}:
                if LAYERS.index(layer) > LAYERS.index(_layer(node)):
                    ahead.setdefault(node["name"], set()).add(layer)

    # What a model declares is what it needs, and whoever reads it reads ahead as well.
    declared_by = {node["name"]: _later_layers(node) for node in _models(manifest)}
    assert ahead == {name: layers for name, layers in declared_by.items() if layers}


def _later_layers(node: dict[str, Any]) -> set[str]:
    """The layers to its right that a model says it reads, with its reason beside."""
    return set(node["config"].get("meta", {}).get("reads_later_layers", []))


def test_a_models_folder_schema_and_group_bear_one_name(manifest: dict[str, Any]) -> None:
    named = {
        (node["name"], Path(node["path"]).parts[0], node["schema"], node["group"])
        for node in _models(manifest)
    }

    assert [item for item in named if len(set(item[1:])) != 1] == []


def test_only_what_stands_at_a_layers_root_is_public(manifest: dict[str, Any]) -> None:
    prefixes = {"staging": "stg_", "steps": "int_"}
    for node in _models(manifest):
        inner = [part for part in Path(node["path"]).parts if part in prefixes]

        assert (node["access"] == "public") == (not inner), node["name"]
        assert node["contract"]["enforced"] == ("steps" not in inner), node["name"]
        assert node["name"].startswith(tuple(prefixes[part] for part in inner) or ""), node["name"]


def test_everything_is_described(manifest: dict[str, Any]) -> None:
    seeds = [node for node in manifest["nodes"].values() if node["resource_type"] == "seed"]
    described = [*_models(manifest), *seeds, *manifest["sources"].values()]
    silent = [node["name"] for node in described if not node["description"].strip()]
    silent += [
        f"{node['name']}.{column['name']}"
        for node in described
        for column in node["columns"].values()
        if not column["description"].strip()
    ]

    assert silent == []


def test_staging_models_do_not_join(manifest: dict[str, Any]) -> None:
    joined = [
        node["name"]
        for node in _models(manifest)
        if _layer(node) == "staging" and " join " in node["raw_code"].lower()
    ]

    assert joined == []
