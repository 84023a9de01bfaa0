"""OpenAI's organisation usage and costs: field names, groups and limits as its API documents them.

Usage is monitoring and costs are the bill: the two need not multiply out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from orchestration.landing.api.vendor import Report, Vendor
from orchestration.landing.datasets.vendors import OPENAI as DATASET

_WHO = ("project_id", "user_id", "api_key_id")
_BY_MODEL = (*_WHO, "model")
# After this, seconds would be in the year 2100: such a number counts milliseconds.
_LAST_SECOND = 4_102_444_800


def _usage(name: str, groups: tuple[str, ...], *required: str, **more: Any) -> Report:
    paths = more.pop("paths", (name,))
    return Report(
        name, tuple(f"organization/usage/{path}" for path in paths), groups, required, **more
    )


REPORTS = (
    _usage(
        "completions", (*_BY_MODEL, "batch", "service_tier"),
        "input_tokens", "output_tokens", "num_model_requests", new_groups=("api_source",),
    ),
    _usage("embeddings", _BY_MODEL, "input_tokens", "num_model_requests"),
    _usage("moderations", _BY_MODEL, "input_tokens", "num_model_requests"),
    _usage("images", (*_BY_MODEL, "size", "source"), "images", "num_model_requests"),
    _usage("audio_speeches", _BY_MODEL, "characters", "num_model_requests"),
    _usage("audio_transcriptions", _BY_MODEL, "seconds", "num_model_requests"),
    _usage("vector_stores", ("project_id",), "usage_bytes"),
    _usage("code_interpreter_sessions", ("project_id",), "num_sessions"),
    _usage(
        "file_searches", (*_WHO, "vector_store_id"), "num_requests",
        paths=("file_search_calls", "file_searches"),
    ),
    _usage(
        "web_searches", (*_BY_MODEL, "context_level"), "num_requests",
        paths=("web_search_calls", "web_searches"),
    ),
    Report(
        "costs", ("organization/costs",), ("project_id", "line_item"),
        ("amount.value", "amount.currency"), new_groups=("api_key_id",), is_daily=True,
    ),
)  # fmt: skip


def _headers(key: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _read_time(value: Any) -> datetime:
    seconds = int(value)
    if isinstance(value, bool) or seconds != value or not 0 <= seconds < _LAST_SECOND:
        raise ValueError
    return datetime.fromtimestamp(seconds, UTC)


def _report_of(result: Mapping[str, Any]) -> str | None:
    """By the kind that a result states: `organization.usage.completions.result`."""
    kind = str(result.get("object", "")).removesuffix(".result")
    return kind.removeprefix("organization.").removeprefix("usage.") or None


VENDOR = Vendor(
    name="openai",
    title="OpenAI",
    base_url="https://api.openai.com",
    key_env="OPENAI_ADMIN_KEY",
    dataset=DATASET,
    reports=REPORTS,
    headers=_headers,
    bounds=("start_time", "end_time"),
    ask_time=lambda time: str(int(time.timestamp())),
    read_time=_read_time,
    report_of=_report_of,
    amount=("amount_value", "amount_unit", "amount_currency"),
    unit=str.upper,
    users=("user_id",),
    paths={"amount_value": ("amount", "value"), "amount_currency": ("amount", "currency")},
)
