"""What gateways and trace stores keep of requests: LiteLLM, Langfuse, OpenRouter."""

from __future__ import annotations

from orchestration.landing.datasets.base import (
    ALLOCATION_KEYS,
    BIGINT,
    BOOL,
    DATE,
    MONEY,
    TEXT,
    TIME,
    Dataset,
    named,
)

_KEYS = dict.fromkeys(ALLOCATION_KEYS, TEXT)

# Only these columns of LiteLLM's spend log are read: messages, response and the rest of metadata
# may hold what users wrote.
LITELLM = Dataset(
    name="litellm_spend_logs",
    columns={
        "request_id": TEXT,
        "call_type": TEXT,
        "api_key": TEXT,
        "spend": MONEY,
        **named("total_tokens prompt_tokens completion_tokens", BIGINT),
        **named("startTime endTime", TIME),
        **named(
            "model model_group custom_llm_provider team_id organization_id end_user session_id"
            " status cache_hit request_tags agent_id",
            TEXT,
        ),
        **named(
            "metadata_cache_read_tokens metadata_cache_write_tokens metadata_reasoning_tokens",
            BIGINT,
        ),
        **named(
            "model_id user_id litellm_call_id billing_agent_id mcp_namespaced_tool_name"
            " metadata_service_tier metadata_error_code",
            TEXT,
        ),
        **named(
            "request_duration_ms metadata_cache_write_5m_tokens metadata_cache_write_1h_tokens"
            " metadata_audio_input_tokens metadata_image_input_tokens"
            " metadata_audio_output_tokens metadata_image_output_tokens"
            " metadata_web_search_requests",
            BIGINT,
        ),
    },
    required=("request_id", "startTime", "prompt_tokens", "completion_tokens"),
    period="strftime(startTime, '%Y-%m-%d')",
    time="startTime",
    money=("spend",),
    identity="request_id",
    models=("custom_llm_provider", "model"),
    non_negative=("prompt_tokens", "completion_tokens"),
    users=("end_user", "user_id"),
)

# Each table holds all requests once, grouped by another entity: `scope` says by which. Rows of two
# scopes are never to be added.
LITELLM_DAILY = Dataset(
    name="litellm_daily",
    columns={
        **named("id scope", TEXT),
        **named("user_id team_id tag organization_id end_user_id agent_id", TEXT),
        "date": DATE,
        **named(
            "api_key model model_group custom_llm_provider mcp_namespaced_tool_name endpoint", TEXT
        ),
        **named(
            "prompt_tokens completion_tokens cache_read_input_tokens cache_creation_input_tokens"
            " compression_saved_tokens api_requests successful_requests failed_requests"
            " total_response_time_ms timed_requests",
            BIGINT,
        ),
        **named(
            "spend ptu_flat_cost compression_savings_spend prompt_caching_savings_spend"
            " gateway_injected_caching_savings_spend autorouter_savings_spend",
            MONEY,
        ),
        **named("created_at updated_at", TIME),
    },
    required=("id", "scope", "date", "prompt_tokens", "completion_tokens"),
    period="strftime(\"date\", '%Y-%m-%d')",
    time="date",
    money=("spend", "ptu_flat_cost"),
    identity="id",
    models=("custom_llm_provider", "model"),
    non_negative=(
        "prompt_tokens", "completion_tokens", "cache_read_input_tokens",
        "cache_creation_input_tokens", "api_requests", "successful_requests", "failed_requests",
    ),
    newest="updated_at",
    users=("user_id", "end_user_id"),
)  # fmt: skip

LANGFUSE_USAGE = (
    "input", "output", "total", "input_cached_tokens", "cache_read_input_tokens",
    "input_cache_read", "cache_creation_input_tokens", "input_cache_creation",
    "input_cache_creation_5m", "input_cache_creation_1h", "output_reasoning_tokens",
    "output_reasoning", "input_audio_tokens", "output_audio_tokens", "input_image_tokens",
)  # fmt: skip
LANGFUSE_COSTS = ("input", "output", "total")
LANGFUSE = Dataset(
    name="langfuse_observations",
    columns={
        **named("id trace_id parent_observation_id project_id environment type name", TEXT),
        **named("start_time end_time updated_at", TIME),
        # Langfuse knows the model's name only; a constant may say whose it is.
        **named("level provider provided_model_name usage_pricing_tier_name", TEXT),
        **named("prompt_name prompt_version user_id session_id trace_name release version", TEXT),
        **{f"usage_details_{key}": BIGINT for key in LANGFUSE_USAGE},
        "usage_details": TEXT,
        **{f"cost_details_{key}": MONEY for key in LANGFUSE_COSTS},
        "cost_details": TEXT,
        "total_cost": MONEY,
        **_KEYS,
    },
    required=("id", "start_time"),
    period="strftime(start_time, '%Y-%m-%d')",
    time="start_time",
    money=("total_cost",),
    identity="id",
    models=("provider", "provided_model_name"),
    newest="updated_at",
    users=("user_id",),
)

_OPENROUTER_COUNTS = (
    "requests tokens_prompt tokens_completion tokens_reasoning tokens_cached"
    " native_tokens_prompt native_tokens_completion native_tokens_reasoning native_tokens_cached"
    " native_tokens_completion_images num_media_prompt num_media_completion num_search_results"
)
OPENROUTER = Dataset(
    name="openrouter_activity",
    columns={
        **named("record_id generation_id provider model model_permaslug provider_name", TEXT),
        **named("endpoint_id variant upstream_id data_region service_tier", TEXT),
        **named("finish_reason user_id api_key_name app_name workspace_id", TEXT),
        **named("created_at bucket_start bucket_end", TIME),
        **named("is_byok cancelled streamed", BOOL),
        **named(
            "usage usage_cache usage_web_search usage_file_processing usage_upstream"
            " byok_usage_inference",
            MONEY,
        ),
        "currency": TEXT,
        **named(_OPENROUTER_COUNTS, BIGINT),
    },
    required=("created_at", "usage"),
    period="strftime(created_at, '%Y-%m-%d')",
    time="created_at",
    money=("usage",),
    currency="currency",
    identity="record_id",
    models=("provider", "model_permaslug"),
    non_negative=tuple(_OPENROUTER_COUNTS.split()),
    users=("user_id",),
)
