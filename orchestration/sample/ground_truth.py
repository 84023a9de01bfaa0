"""`ground_truth.json`: the figures that the marts must show, and the phenomena behind them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import duckdb

from orchestration.sample.checks import Check, text
from orchestration.sample.company import BUG_FEATURE, CANARY, UNKNOWN_MODEL
from orchestration.sample.days import Span
from orchestration.sample.prices import PRICE_CHANGE
from orchestration.sample.seats import seat_checks
from orchestration.sample.truth_allocation import (
    allocation_checks,
    coverage_checks,
    kpi_checks,
)
from orchestration.sample.truth_commitments import commitment_checks
from orchestration.sample.truth_ledger import (
    charge_checks,
    credit_checks,
    gpu_checks,
    landing_checks,
    transfer_checks,
    version_checks,
)
from orchestration.sample.truth_lines import create_true_charges
from orchestration.sample.truth_planning import planning_checks
from orchestration.sample.truth_reconciliation import reconciliation_checks
from orchestration.sample.truth_shares import true_shares
from orchestration.sample.truth_tokens import planted_checks, token_checks
from orchestration.sample.truth_value import (
    entity_checks,
    unit_checks,
    usage_unit_checks,
    value_checks,
)

ABOUT = (
    "Computed by the generator from its own parameters, without the warehouse. Each check is"
    " 'select <expression> from <table> where <where>' on published/marts.duckdb; its value is"
    " exact, and null where the figure must be unknown. Shares without an end as decimals are"
    " compared at six decimals."
)


def write_ground_truth(
    con: duckdb.DuckDBPyConnection, target: Path, span: Span, *, seed: int, scale: int
) -> int:
    """Write the file; give the number of its checks."""
    create_true_charges(con, span)
    shares = true_shares(con, seed, span)
    checks: list[Check] = [
        *charge_checks(con),
        *transfer_checks(con),
        *version_checks(con, span),
        *landing_checks(con, scale),
        *token_checks(con),
        *planted_checks(con, span),
        *gpu_checks(con, seed, span),
        *coverage_checks(con),
        *allocation_checks(shares),
        *kpi_checks(con, shares),
        *unit_checks(shares, seed, span),
        *usage_unit_checks(con),
        *entity_checks(shares),
        *value_checks(shares, seed, span),
        *planning_checks(shares, span),
        *commitment_checks(con),
        *credit_checks(con),
        *seat_checks(seed, span),
        *reconciliation_checks(con, span),
    ]
    content = {
        "about": ABOUT,
        "parameters": {
            "first_day": str(span.first),
            "last_day": str(span.last),
            "seed": seed,
            "scale": scale,
        },
        "planted": _planted(con, span),
        "checks": [asdict(check) for check in checks],
    }
    target.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return len(checks)


def _planted(con: duckdb.DuckDBPyConnection, span: Span) -> dict[str, dict[str, str | None]]:
    """What is hidden in the files, and where."""
    sums = con.execute("select sum(failed_cost), sum(cost) from vendor_lines").fetchall()
    failed, billed = sums[0]
    return {
        "price_change": {"model": "gpt-5.6-sol", "from": str(PRICE_CHANGE)},
        "failed_but_billed": {"cost": text(failed), "of_billed": text(billed)},
        "prompt_length_bug": {"feature": BUG_FEATURE, "from": str(span.bug_day), "factor": "2"},
        "unpriced_model": {"model": UNKNOWN_MODEL},
        "restated_month": {
            "month": f"{span.restated_month:%Y-%m}",
            "first_delivery_before": str(span.restated_day),
        },
        "currency_without_rate": {"currency": "BRL", "source": "azure_eu"},
        "new_gpu_node": {"node": "gpu-h1", "from": str(span.new_node_day)},
        "duplicated_requests": {"day": str(span.duplicate_day)},
        "unreadable_requests": {"day": str(span.broken_day)},
        "user_text": {"canary": CANARY},
    }
