"""The gate: a Great Expectations suite judges a delivery's profile and a sample before it counts.

Suites are `tests/expectations/<dataset>.json` in GX's own form; `default.json` holds for all, and
an expectation of the same `meta.name` in the dataset's suite stands in its place. `meta` says what
is judged (`on`: the profile, one row a period, or the sample of rows), what a failure does
(`severity`: refuse or warn) and `why`. Great Expectations takes seconds to import, so it is loaded
when something is judged, and never at import.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from orchestration.settings import PROJECT_ROOT

SUITES = PROJECT_ROOT / "tests" / "expectations"
DEFAULT_PARAMETERS = {"max_quarantined_share": 0.01}
Expectation = dict[str, Any]

# Great Expectations keeps one project for the process.
_ONE_AT_A_TIME = threading.RLock()


@dataclass(frozen=True)
class Check:
    """What one expectation found.

    Attributes:
        check_name: a sentence, as in the suite.
        success: whether the delivery meets it.
        severity: refuse (the delivery is not accepted) or warn.
        observed: what was found, e.g. "2 of 2000 rows, such as 'US'"; None if it could not run.
        expected: what should be, e.g. "currency matches ^[A-Z]{3}$".
        detail: why it matters.
        failed_periods: the periods that break it; empty on success.
    """

    check_name: str
    success: bool
    severity: Literal["refuse", "warn"]
    observed: str | None
    expected: str | None
    detail: str
    failed_periods: tuple[str, ...] = ()


def judge(
    dataset: str,
    profiles: pd.DataFrame,
    sample: pd.DataFrame,
    docs_dir: Path | None = None,
    *,
    source: str = "",
    parameters: Mapping[str, float] | None = None,
) -> list[Check]:
    """Judge a delivery of one source, all its periods at once.

    Args:
        profiles: one row a period: period, row_count, quarantined_share, previous_row_count,
            distinct_rows, hours_in_future; columns that are not there are not judged.
        sample: typed landed rows, a few thousand at most, with their period in `_period`.
        docs_dir: where the page of these results is written as HTML; None writes none.
        source: the source's name, for the page.
        parameters: values of the suites' parameters, over DEFAULT_PARAMETERS.
    """
    frames = {
        "profile": _with_shares(profiles).reset_index(drop=True),
        "sample": sample.reset_index(drop=True),
    }
    periods = {
        "profile": frames["profile"].get("period", pd.Series(dtype=object)),
        "sample": frames["sample"].get("_period", pd.Series(dtype=object)),
    }
    values = {**DEFAULT_PARAMETERS, **(parameters or {})}
    checks: list[Check] = []
    results = []
    with _ONE_AT_A_TIME:
        for on, frame in frames.items():
            suite = [e for e in suite_of(dataset) if e["meta"]["on"] == on and _fits(e, frame)]
            if frame.empty or not suite:
                continue
            result = _validate(f"{dataset}, {on}", suite, frame, values)
            results.append(result)
            checks += [_check(found, periods[on].astype(str), values) for found in result.results]
        checks.sort(key=lambda check: (check.success, check.severity, check.check_name))
        if docs_dir is not None and results:
            from orchestration.landing.data_docs import write_page

            write_page(docs_dir, source or dataset, dataset, results, checks)
    return checks


def suite_of(dataset: str, folder: Path = SUITES) -> list[Expectation]:
    """The expectations for a dataset: the default ones, overridden and extended by its own."""
    merged: dict[str, Expectation] = {}
    for name in ("default", dataset):
        file = folder / f"{name}.json"
        if file.is_file():
            stated = json.loads(file.read_text(encoding="utf-8"))["expectations"]
            merged |= {expectation["meta"]["name"]: expectation for expectation in stated}
    return list(merged.values())


def _with_shares(profiles: pd.DataFrame) -> pd.DataFrame:
    """Adds `share_of_previous_rows` and `distinct_share`, null where the divisor is 0 or null."""
    shares = {
        "share_of_previous_rows": ("row_count", "previous_row_count"),
        "distinct_share": ("distinct_rows", "row_count"),
    }
    numbers = {
        name: pd.to_numeric(profiles[part], errors="coerce").astype("float64")
        / pd.to_numeric(profiles[whole], errors="coerce").astype("float64").where(lambda n: n > 0)
        for name, (part, whole) in shares.items()
        if {part, whole} <= set(profiles.columns)
    }
    return profiles.assign(**numbers)


def _fits(expectation: Expectation, frame: pd.DataFrame) -> bool:
    kwargs = expectation["kwargs"]
    named = [kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs]
    return all(column in frame.columns for column in named)


@cache
def _batch_definition() -> Any:
    """GX in memory, without usage figures or progress bars; once a process."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("landing").add_dataframe_asset("delivery")
    return asset.add_batch_definition_whole_dataframe("all_rows")


def _validate(
    name: str, suite: list[Expectation], frame: pd.DataFrame, values: Mapping[str, float]
) -> Any:
    definition = _batch_definition()
    from great_expectations.core import ExpectationSuite

    native = {"refuse": "critical", "warn": "warning"}
    expectations = [{**e, "severity": native[e["meta"]["severity"]]} for e in suite]
    return definition.get_batch(batch_parameters={"dataframe": frame}).validate(
        ExpectationSuite(name=name, expectations=expectations),
        result_format={"result_format": "COMPLETE"},
        expectation_parameters=dict(values),
    )


def _check(found: Any, periods: pd.Series[str], values: Mapping[str, float]) -> Check:
    configuration = found.expectation_config
    meta = configuration.meta
    expected = _expected(configuration.kwargs, values)
    if _raised(found.exception_info):
        # A check that could not run says nothing about the data: seen, but it refuses nothing.
        detail = f"the check could not run; {meta['why']}"
        return Check(meta["name"], False, "warn", None, expected, detail)
    broken = [int(index) for index in found.result.get("unexpected_index_list") or []]
    success = bool(found.success)
    return Check(
        check_name=meta["name"],
        success=success,
        severity=meta["severity"],
        observed=_observed(found.result, len(broken), meta["on"]),
        expected=expected,
        detail=meta["why"],
        failed_periods=() if success else tuple(sorted({periods.iloc[row] for row in broken})),
    )


def _raised(info: Mapping[str, Any]) -> bool:
    return any(
        entry.get("raised_exception", True)
        for entry in ([info] if "raised_exception" in info else info.values())
    )


def _observed(result: Mapping[str, Any], broken: int, on: str) -> str:
    judged = int(result.get("element_count") or 0)
    noun = "periods" if on == "profile" else "sampled rows"
    if not broken:
        return f"all of {judged} {noun}"
    example = next(iter(result.get("partial_unexpected_list") or []), None)
    shown = ", such as " + _short(example) if example is not None else ""
    return f"{broken} of {judged} {noun} not{shown}"


def _expected(kwargs: Mapping[str, Any], values: Mapping[str, float]) -> str:
    """The expectation in words, from its arguments."""
    column = kwargs.get("column") or kwargs.get("column_A")
    low, high = (_value(kwargs.get(bound), values) for bound in ("min_value", "max_value"))
    if "regex" in kwargs:
        text = f"matches {kwargs['regex']}"
    elif "value_set" in kwargs:
        text = f"is one of {', '.join(map(str, kwargs['value_set']))}"
    elif "column_B" in kwargs:
        text = f"is at least {kwargs['column_B']}"
    elif low is not None and high is not None:
        text = f"is from {low} to {high}"
    elif low is not None or high is not None:
        text = f"is at least {low}" if high is None else f"is at most {high}"
    else:
        text = "holds JSON" if "mostly" not in kwargs else "has a value"
    share = kwargs.get("mostly", 1.0)
    return f"{column} {text}" + (f" in {share:.0%} of rows" if share < 1 else "")


def _value(bound: Any, values: Mapping[str, float]) -> str | None:
    number = values.get(bound["$PARAMETER"]) if isinstance(bound, dict) else bound
    return None if number is None else f"{number:,.12g}"


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return " and ".join(_short(part) for part in value)
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
