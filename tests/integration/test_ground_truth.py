"""The published marts of the sample company show what its generator says they must."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.sample.company import CANARY

# Every public layer has figures of its own.
LAYERS = {
    "landing": 3,
    "cost_ledger": 200,
    "allocation": 100,
    "unit_economics": 20,
    "value_ledger": 40,
    "planning": 30,
    "governance": 4,
}


@pytest.fixture(scope="module")
def truth(sample_workspace: Path) -> dict[str, Any]:
    return json.loads((sample_workspace / "ground_truth.json").read_text())


@pytest.fixture(scope="module")
def marts(sample_workspace: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(
        str(sample_workspace / "published" / "marts.duckdb"), read_only=True
    ) as con:
        yield con


def show(con: duckdb.DuckDBPyConnection, check: dict[str, Any]) -> Decimal | str | None:
    """What the published table says, in the type in which ground truth is compared."""
    found = con.execute(
        f"select cast({check['expression']} as varchar) from {check['table']}"
        f" where {check['where']}"
    ).fetchall()
    return figure(found[0][0])


def figure(text: str | None) -> Decimal | str | None:
    return text if text in (None, "true", "false") else Decimal(text)


def test_every_layer_is_checked(truth: dict[str, Any]) -> None:
    counted = Counter(check["table"].split(".")[0] for check in truth["checks"])
    assert {layer: counted[layer] >= least for layer, least in LAYERS.items()} == dict.fromkeys(
        LAYERS, True
    )


def test_the_marts_show_the_ground_truth_to_the_last_decimal(
    truth: dict[str, Any], marts: duckdb.DuckDBPyConnection
) -> None:
    missed = []
    for check in truth["checks"]:
        shown = show(marts, check)
        if shown != figure(check["value"]):
            missed.append({**check, "shown": str(shown)})
    assert not missed, (
        f"{len(missed)} of {len(truth['checks'])}: {json.dumps(missed[:20], indent=1)}"
    )


def test_what_users_wrote_is_nowhere_but_in_the_source(sample_workspace: Path) -> None:
    lake = sample_workspace / "lake"
    con = duckdb.connect()
    for part in sorted(lake.rglob("*.parquet")):
        listed = con.execute(
            "select count(*) from read_parquet(?) as line where line::varchar like ?",
            [str(part), f"%{CANARY}%"],
        ).fetchall()
        assert listed == [(0,)], part
    for path in sample_workspace.rglob("*"):
        if path.suffix in (".json", ".log", ".html") and path.name != "ground_truth.json":
            assert CANARY not in path.read_text(encoding="utf-8", errors="ignore"), path
