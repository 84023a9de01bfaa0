"""Anthropic's organisation usage and cost reports, as its Admin API documents them.

Amounts are cents as decimal text. Priority Tier costs never appear in the cost report; code
execution appears only there. The default workspace and the Workbench have null ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from orchestration.landing.api.vendor import Report, Vendor
from orchestration.landing.datasets.vendors import ANTHROPIC as DATASET

_CACHE = ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")

REPORTS = (
    Report(
        name="messages",
        paths=("organizations/usage_report/messages",),
        groups=(
            "account_id", "api_key_id", "context_window", "inference_geo", "model",
            "service_account_id", "service_tier", "workspace_id",
        ),
        new_groups=("speed",),
        required=(
            "uncached_input_tokens", "cache_read_input_tokens", "output_tokens",
            *(f"cache_creation.{name}" for name in _CACHE),
        ),
    ),
    Report(
        name="cost_report",
        paths=("organizations/cost_report",),
        groups=("description", "workspace_id"),
        required=("amount", "currency"),
        is_daily=True,
    ),
)  # fmt: skip


def _headers(key: str) -> Mapping[str, str]:
    return {"x-api-key": key, "anthropic-version": "2023-06-01"}


def _read_time(value: Any) -> datetime:
    time = datetime.fromisoformat(value)
    if time.tzinfo is None:
        raise ValueError
    return time.astimezone(UTC)


def _report_of(result: Mapping[str, Any]) -> str | None:
    """Results state no kind: money makes it a cost, tokens make it usage."""
    if "amount" in result:
        return "cost_report"
    return "messages" if "uncached_input_tokens" in result or "output_tokens" in result else None


VENDOR = Vendor(
    name="anthropic",
    title="Anthropic",
    base_url="https://api.anthropic.com",
    key_env="ANTHROPIC_ADMIN_KEY",
    dataset=DATASET,
    reports=REPORTS,
    headers=_headers,
    bounds=("starting_at", "ending_at"),
    ask_time=lambda time: time.strftime("%Y-%m-%dT%H:%M:%SZ"),
    read_time=_read_time,
    report_of=_report_of,
    amount=("amount", "amount_unit", "currency"),
    unit=lambda currency: f"{currency.upper()} cents",
    users=("account_id",),
    # Fast mode is a dimension of its own price, in beta.
    new_groups_headers={"anthropic-beta": "fast-mode-2026-02-01"},
    paths={
        **{f"cache_creation_{name}": ("cache_creation", name) for name in _CACHE},
        "server_tool_use_web_search_requests": ("server_tool_use", "web_search_requests"),
    },
)
