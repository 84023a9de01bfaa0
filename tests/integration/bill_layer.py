"""The bill layer alone: the models' own SQL from the landing views to the bill lines, without a
build.

One dbt compile gives the statements; they run as views on an in-memory database, over whatever a
workspace's lake holds. So an example costs what its deliveries cost.
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

from orchestration.landing import register
from orchestration.landing.datasets import DATASETS
from orchestration.settings import PROJECT_ROOT, Settings, load_settings

MODELS = (
    "stg_focus__charges", "stg_cost_lines__charges", "stg_aws_cur__charges",
    "stg_azure_cost__charges", "stg_oci_cost__charges", "stg_gcp_billing__charges",
    "stg_openai__charges", "stg_anthropic__charges", "stg_openrouter__charges",
    "int_bill_lines", "bill_versions",
)  # fmt: skip
"""In the order in which they are built."""

ARRIVAL = ("load_id", "source_file", "source_row")
"""How a line came: it may differ between two ways to one state."""


class BillLayer:
    """`int_bill_lines` and `bill_versions` of any workspace."""

    def __init__(self, folder: Path) -> None:
        (folder / "twinledger.toml").write_text("", encoding="utf-8")
        empty = load_settings(folder / "twinledger.toml")
        with duckdb.connect(str(empty.build)) as build:
            register.register_landing(build, empty)
        statements = _compiled(folder, empty)
        self.con = duckdb.connect()
        self.con.execute("attach ':memory:' as build; use build; set timezone = 'UTC'")
        register.register_landing(self.con, empty)
        for schema in ("staging", "cost_ledger"):
            self.con.execute(f"create schema {schema}")
        for name in MODELS:
            schema = "staging" if name.startswith("stg_") else "cost_ledger"
            self.con.execute(f"create view {schema}.{name} as {statements[name]}")
        self.columns = [
            name
            for name, *_ in self.rows("describe cost_ledger.int_bill_lines")
            if name not in ARRIVAL
        ]

    def see(self, settings: Settings, as_of: str | None = None) -> None:
        """Look at what a workspace's lake holds; of bills, `cost_lines` alone, of logs,
        `token_events`."""
        few = {name: DATASETS[name] for name in ("cost_lines", "token_events", "closes")}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(register, "DATASETS", few)
            register.register_landing(self.con, settings, as_of=as_of)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()

    def lines(self, columns: str = "", where: str = "true") -> list[tuple[Any, ...]]:
        """Bill lines in order: all columns but those of their arrival, or those that are named."""
        return self.rows(
            f"select {columns or ', '.join(self.columns)} from cost_ledger.int_bill_lines "
            f"where {where} order by all"
        )


def _compiled(folder: Path, empty: Settings) -> dict[str, str]:
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("TWINLEDGER_")},
        "TWINLEDGER_BUILD": str(empty.build),
    }
    outcome = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("dbt")), "--no-use-colors", "compile"),
            *("--select", *MODELS, "--target", "ci", "--profiles-dir", "profiles"),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        ],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout[-3000:] + outcome.stderr[-1000:]
    nodes = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    return {
        node["name"]: (PROJECT_ROOT / node["compiled_path"]).read_text(encoding="utf-8")
        for node in nodes.values()
        if node["resource_type"] == "model" and node["name"] in MODELS
    }
