"""Answers of /api/v1/query_range: the samples of many series (a matrix)."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from orchestration.errors import RefusedError
from orchestration.landing.prometheus.counters import Samples, Series, moment_of, value_of


def matrix(document: Any, metrics: Collection[str], where: str) -> Samples:
    """The samples of the metrics in one answer; other series are left out.

    Raises:
        RefusedError: it is no whole answer, or a value is no counter's.
    """

    def refused(rule: str, next_step: str = "") -> RefusedError:
        return RefusedError(rule, file=where, next_step=next_step)

    if not isinstance(document, dict) or document.get("status") != "success":
        kind = document.get("errorType") if isinstance(document, dict) else None
        told = f" ({str(kind)[:40]})" if kind else ""
        raise refused(
            f"this is no successful answer of a Prometheus server{told}",
            "is it an answer of /api/v1/query_range?",
        )
    # A server over several others says so when one of them did not answer: the rest is not a day.
    if document.get("warnings"):
        raise refused("the server warns that its answer may not be whole", "ask it again later")
    data = document.get("data")
    if not isinstance(data, dict) or data.get("resultType") != "matrix":
        raise refused("the answer holds no range of samples", "ask /api/v1/query_range")
    found: Samples = {}
    for result in data.get("result") or []:
        labels, values = result.get("metric"), result.get("values")
        if not isinstance(labels, dict) or not isinstance(values, list):
            raise refused("a series of the answer has no labels or no values")
        metric = labels.get("__name__")
        if metric is None:
            raise refused(
                "a series has no name: a function was applied to it",
                "query the counter itself, such as vllm:prompt_tokens_total",
            )
        if metric not in metrics:
            continue
        series = Series.of(metric, {str(name): str(text) for name, text in labels.items()})
        try:
            read = [(moment_of(_number(moment)), value_of(str(text))) for moment, text in values]
        except (ValueError, TypeError) as error:
            raise refused(f"{metric}: {error}") from None
        kept = [(moment, value) for moment, value in read if value is not None]
        found.setdefault(series, []).extend(kept)
    return found


def _number(moment: Any) -> Decimal | int:
    if isinstance(moment, bool) or not isinstance(moment, (int, Decimal)):
        raise ValueError("a sample has no time")
    return moment
