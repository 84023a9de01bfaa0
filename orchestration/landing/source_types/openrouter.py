"""OpenRouter: the activity export, the activity API and generation records.

The export is a CSV with a row a generation (created_at, cost_total, tokens_*); the API's
/activity has a row a UTC day, model and endpoint (openrouter.ai/docs, ActivityItem), /generation a
record a generation (openrouter.ai/docs, GetGenerationData) under `data`. `usage` is what OpenRouter
charged: it is the bill. What the upstream vendor charges a key of one's own stands apart, in
`usage_upstream` or `byok_usage_inference`, and is never to be added to it. `tokens_*` are counted
by one tokenizer for all models; `native_tokens_*` by the model's own, which is what is billed.
Reasoning tokens are inside the completion.
"""

from orchestration.landing.allow_lists import allow_listed, code_of, count_of
from orchestration.landing.datasets.gateways import OPENROUTER
from orchestration.landing.json_logs import json_log
from orchestration.landing.sources import Column, Combined, first_of

_ID = ("id", "generation_id")
# A day's row has no id: it is known by what it is grouped by.
_GROUP = ("date", "model_permaslug", "endpoint_id", "workspace_id")
_DAY = "date_trunc('day', try_cast({0} as timestamp))"
_FIELDS: dict[str, Column] = {
    "record_id": Combined(
        (*_ID, *_GROUP),
        "coalesce({0}, {1}, nullif(concat_ws('/', {2}, {3}, {4}, {5}), ''))",
    ),
    "generation_id": first_of(*_ID),
    "created_at": first_of("created_at", "date"),
    "bucket_start": Combined(("date",), f"cast({_DAY} as varchar)"),
    "bucket_end": Combined(("date",), f"cast({_DAY} + interval 1 day as varchar)"),
    "model": first_of("model", "model_permaslug"),
    "model_permaslug": first_of("model_permaslug", "model"),
    "provider_name": first_of("provider_name"),
    "endpoint_id": first_of("endpoint_id"),
    "variant": first_of("variant"),
    "upstream_id": first_of("upstream_id"),
    "data_region": first_of("data_region"),
    "service_tier": code_of("service_tier"),
    "finish_reason": code_of("finish_reason", "finish_reason_normalized"),
    "user_id": first_of("external_user", "user", "user_id"),
    "api_key_name": first_of("api_key_name"),
    "app_name": first_of("app_name"),
    "workspace_id": first_of("workspace_id"),
    # Activity rows have no flag, but say what a key of one's own was charged upstream.
    "is_byok": Combined(
        ("is_byok", "byok_usage_inference"),
        "coalesce({0}, cast(try_cast({1} as decimal(38, 18)) > 0 as varchar))",
    ),
    "cancelled": first_of("cancelled"),
    "streamed": first_of("streamed"),
    "usage": first_of("usage", "cost_total", "total_cost"),
    "usage_cache": first_of("usage_cache", "cost_cache", "cache_discount"),
    "usage_web_search": first_of("usage_web", "cost_web_search"),
    "usage_file_processing": first_of("usage_file", "cost_file_processing"),
    "usage_upstream": first_of("usage_upstream", "upstream_inference_cost"),
    "byok_usage_inference": first_of("byok_usage_inference"),
    "requests": count_of("requests"),
    "tokens_prompt": count_of("tokens_prompt", "prompt_tokens"),
    "tokens_completion": count_of("tokens_completion", "completion_tokens"),
    "tokens_reasoning": count_of("tokens_reasoning", "reasoning_tokens"),
    "tokens_cached": count_of("tokens_cached", "cached_tokens"),
    **{
        name: count_of(name)
        for name in (
            "native_tokens_prompt", "native_tokens_completion", "native_tokens_reasoning",
            "native_tokens_cached", "native_tokens_completion_images", "num_media_prompt",
            "num_media_completion", "num_search_results",
        )
    },
}  # fmt: skip

SOURCE_TYPE = allow_listed(
    OPENROUTER,
    _FIELDS,
    name="openrouter",
    required=("created_at|date", "usage|cost_total|total_cost", "model|model_permaslug"),
    fixed={"provider": "openrouter", "currency": "USD"},
    reader=json_log(envelope="data"),
)
