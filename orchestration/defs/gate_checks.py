"""What the gate said of a source's deliveries, as asset checks of the source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.landing.gate import suite_of
from orchestration.landing.lake import Lake
from orchestration.landing.sources import known_types
from orchestration.settings import SourceSettings

SEVERITY = {"refuse": dg.AssetCheckSeverity.ERROR, "warn": dg.AssetCheckSeverity.WARN}


def gate_check_specs(source: SourceSettings, key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """One check for each expectation of the dataset's suite."""
    return [
        dg.AssetCheckSpec(
            name=expectation["meta"]["name"], asset=key, description=expectation["meta"]["why"]
        )
        for expectation in _suite(source)
    ]


def gate_evaluations(
    lake: Lake, source: SourceSettings, key: dg.AssetKey
) -> list[dg.AssetCheckEvaluation]:
    """The results of the newest judged load; a refusal that came after it fails its check."""
    results = {check["check_name"]: check for check in _newest_gate(lake, source)}
    if (refused := _newest_refusal(lake, source)) is not None:
        results[refused["check_name"]] = refused
    known = {expectation["meta"]["name"] for expectation in _suite(source)}
    return [
        dg.AssetCheckEvaluation(
            asset_key=key,
            check_name=name,
            passed=bool(check["success"]),
            severity=SEVERITY[check["severity"]],
            metadata={
                "observed": check["observed"] or "the check could not run",
                "expected": check["expected"] or "",
                "periods": ", ".join(check["failed_periods"]),
            },
        )
        for name, check in results.items()
        if name in known
    ]


def _suite(source: SourceSettings) -> list[dict[str, Any]]:
    return suite_of(known_types()[source.type].dataset.name)


def _newest_gate(lake: Lake, source: SourceSettings) -> tuple[Mapping[str, Any], ...]:
    judged = [manifest for manifest in lake.of_source(source.name) if manifest.gate]
    return judged[-1].gate if judged else ()


def _newest_refusal(lake: Lake, source: SourceSettings) -> dict[str, Any] | None:
    """A refusal by the gate after the newest accepted load, in the form of a gate result."""
    accepted = max((item.loaded_at for item in lake.of_source(source.name)), default="")
    refusals = [item for item in lake.refusals() if item["source_name"] == source.name]
    if not refusals or str(refusals[-1]["loaded_at"]) < accepted:
        return None
    rule, file = str(refusals[-1]["rule"]), str(refusals[-1].get("file") or "")
    name, _, text = rule.partition(": ")
    return {
        "check_name": name,
        "success": False,
        "severity": "refuse",
        "observed": f"refused: {text}" + (f" ({file})" if file else ""),
        "expected": "",
        "failed_periods": [],
    }
