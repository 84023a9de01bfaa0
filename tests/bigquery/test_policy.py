"""Rung 1: the project's SQL for BigQuery keeps the policy, and every lint can fail.

One `dbt compile` for BigQuery against the test server; nothing is built.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestration.settings import PROJECT_ROOT
from tests.bigquery.policy import (
    ALLOWED_FUNCTIONS,
    NODE_LINTS,
    SOURCE_LINTS,
    STATEMENT_LINTS,
    Statement,
)
from tests.bigquery.process import BigQueryServer
from tests.bigquery.server.functions import FUNCTIONS

PLANTED_SQL = {
    "unknown_functions": "select typeof(1) as kind",
    "planner_refusals": "select 1 as one from first full join second on first.day < second.day",
    "unsaid_null_order": "select lag(day) over (order by day asc) as former from days",
    "refused_null_order": "select string_agg(day, ',' order by day nulls last) as days from days",
    "parameterless_json": "select parse_json(tags) as parsed from charges",
    "odd_aliases": "select 1 as `rows`, 2 as Total",
    "lossy_types": "select cast(cost as numeric) as cost from charges",
}
CLEAN_SQL = """
    select
        string_agg(day, ',' order by day) as days,
        max(cast(parse_json(tags, wide_number_mode => 'round') as string)) as tags
    from charges
    left join rates on charges.day = rates.day and charges.at < rates.at
    order by days asc nulls last
"""
PLANTED_SOURCE = {
    "bare_types": "select cast(cost as double) as cost",
    "lossy_macros": "select cast(cost as {{ dbt.type_float() }}) as cost",
    "week_words": "select date_trunc(day, isoweek) as week_start",
    "aliased_references": "from {{ ref('charges') }} as lines",
}
MODEL: dict[str, Any] = {
    "name": "charges",
    "schema": "cost_ledger",
    "columns": {"charge_date": {}, "team": {}},
    "contract": {"enforced": True},
    "config": {"materialized": "table"},
}
DAILY = {"field": "charge_date", "data_type": "date", "granularity": "day"}
PLANTED_NODES: dict[str, list[dict[str, Any]]] = {
    "odd_strategy": [{"materialized": "incremental", "incremental_strategy": "append"}],
    "odd_partition": [
        {"partition_by": DAILY | {"field": "day"}},
        {"partition_by": DAILY | {"granularity": "hour"}},
        {"partition_by": {"field": "charge_date"}},
    ],
    "odd_clusters": [
        {"cluster_by": ["a", "b", "c", "d", "e"]},
        {"cluster_by": ["team", "team"]},
        {"cluster_by": ["absent"]},
    ],
}


@pytest.fixture(scope="module")
def manifest(bigquery: BigQueryServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """dbt's manifest for the target bigquery, with the compiled SQL of models and data tests."""
    folder = tmp_path_factory.mktemp("policy")
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("TWINLEDGER_")},
        "TWINLEDGER_BIGQUERY_ENDPOINT": bigquery.endpoint,
        "TWINLEDGER_BIGQUERY_PROJECT": bigquery.project,
        "TWINLEDGER_BIGQUERY_METHOD": "oauth-secrets",
        "TWINLEDGER_BIGQUERY_TOKEN": "anything",
    }
    outcome = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("dbt")), "--no-use-colors", "compile"),
            *("--target", "bigquery", "--profiles-dir", "profiles"),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        ],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout[-3000:] + outcome.stderr[-1000:]
    loaded: dict[str, Any] = json.loads(
        (folder / "target" / "manifest.json").read_text(encoding="utf-8")
    )
    return loaded


@pytest.fixture(scope="module")
def statements(manifest: dict[str, Any]) -> list[Statement]:
    compiled = [
        Statement(node["name"], node["compiled_code"])
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "test")
    ]
    assert len(compiled) > 100
    return compiled


@pytest.mark.parametrize("lint", STATEMENT_LINTS)
def test_compiled_sql_keeps_the_policy(lint: str, statements: list[Statement]) -> None:
    found = [(one.name, finding) for one in statements for finding in STATEMENT_LINTS[lint](one)]

    assert found == []


@pytest.mark.parametrize("lint", STATEMENT_LINTS)
def test_a_statement_lint_finds_what_was_planted_and_nothing_else(lint: str) -> None:
    assert STATEMENT_LINTS[lint](Statement("planted", PLANTED_SQL[lint]))
    assert STATEMENT_LINTS[lint](Statement("clean", CLEAN_SQL)) == []


def test_the_allowed_functions_are_bigquerys_and_all_in_use(statements: list[Statement]) -> None:
    called = " ".join(statement.sql.lower() for statement in statements)

    assert ALLOWED_FUNCTIONS <= FUNCTIONS
    assert [name for name in ALLOWED_FUNCTIONS if f"{name}(" not in called] == []


def _sources() -> dict[str, str]:
    folders = ("models", "tests/data")
    files = [file for folder in folders for file in (PROJECT_ROOT / folder).rglob("*.sql")]
    return {file.relative_to(PROJECT_ROOT).as_posix(): file.read_text() for file in files}


@pytest.mark.parametrize("lint", SOURCE_LINTS)
def test_sources_keep_the_policy(lint: str) -> None:
    found = [
        (name, finding) for name, sql in _sources().items() for finding in SOURCE_LINTS[lint](sql)
    ]

    assert found == []


@pytest.mark.parametrize("lint", SOURCE_LINTS)
def test_a_source_lint_finds_what_was_planted(lint: str) -> None:
    assert SOURCE_LINTS[lint](PLANTED_SOURCE[lint])


@pytest.mark.parametrize("lint", NODE_LINTS)
def test_configurations_keep_the_policy(lint: str, manifest: dict[str, Any]) -> None:
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "seed")]
    models = [n for n in nodes if n["resource_type"] == "model" or lint == "odd_names"]

    assert [(n["name"], finding) for n in models for finding in NODE_LINTS[lint](n)] == []


@pytest.mark.parametrize(
    ("lint", "config"), [(lint, config) for lint, all_ in PLANTED_NODES.items() for config in all_]
)
def test_a_configuration_lint_finds_what_was_planted(lint: str, config: dict[str, Any]) -> None:
    good = {"materialized": "table", "partition_by": DAILY, "cluster_by": ["team"]}

    assert NODE_LINTS[lint](MODEL | {"config": good}) == []
    assert NODE_LINTS[lint](MODEL | {"config": good | config})


@pytest.mark.parametrize("name", ["hash", "Charges", "cost-ledger"])
def test_a_name_that_needs_quotes_is_found(name: str) -> None:
    assert NODE_LINTS["odd_names"](MODEL) == []
    assert NODE_LINTS["odd_names"](MODEL | {"name": name})
    assert NODE_LINTS["odd_names"](MODEL | {"columns": {name: {}}})


def test_the_big_tables_are_cut_by_day(manifest: dict[str, Any]) -> None:
    cut = {
        node["name"]: node["config"]["partition_by"]["field"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"].get("partition_by")
    }
    big = ("charges", "token_usage_daily", "gpu_hours", "cost_allocations", "costs_daily")

    assert set(big) | {"int_token_usage_days"} <= set(cut)
    assert all(field.endswith("_date") for field in cut.values())
