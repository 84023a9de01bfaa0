"""Usage and cost reports of the model vendors' organisation APIs.

Money is in the vendor's own unit; `amount_unit` names it ("USD", "USD cents"), so that totals by
unit never mix the two.
"""

from __future__ import annotations

from orchestration.landing.datasets.base import BIGINT, BOOL, MONEY, TEXT, TIME, Dataset, named

OPENAI = Dataset(
    name="openai_reports",
    columns={
        **named("result_id report", TEXT),
        **named("start_time end_time", TIME),
        **named(
            "provider project_id user_id api_key_id model service_tier api_source size source"
            " vector_store_id context_level line_item",
            TEXT,
        ),
        "batch": BOOL,
        **named(
            "input_tokens input_uncached_tokens input_cached_tokens input_cache_write_tokens"
            " input_cache_write_12h_tokens input_text_tokens input_audio_tokens input_image_tokens"
            " input_cached_text_tokens input_cached_audio_tokens input_cached_image_tokens"
            " output_tokens output_text_tokens output_audio_tokens output_image_tokens"
            " num_model_requests num_requests num_sessions images characters seconds usage_bytes",
            BIGINT,
        ),
        "amount_value": MONEY,
        **named("amount_currency amount_unit", TEXT),
        "quantity": MONEY,
        "quantity_unit": TEXT,
    },
    required=("result_id", "report", "start_time", "end_time"),
    period="strftime(start_time, '%Y-%m-%d')",
    time="start_time",
    money=("amount_value",),
    currency="amount_unit",
    identity="result_id",
    models=("provider", "model"),
    non_negative=(
        "input_tokens", "input_cached_tokens", "output_tokens", "num_model_requests",
        "num_requests", "num_sessions", "images", "characters", "seconds", "usage_bytes",
    ),
)  # fmt: skip

ANTHROPIC = Dataset(
    name="anthropic_reports",
    columns={
        **named("result_id report", TEXT),
        **named("starting_at ending_at", TIME),
        **named(
            "provider account_id service_account_id api_key_id workspace_id model service_tier"
            " context_window inference_geo speed cost_type token_type description",
            TEXT,
        ),
        **named(
            "uncached_input_tokens cache_read_input_tokens"
            " cache_creation_ephemeral_5m_input_tokens cache_creation_ephemeral_1h_input_tokens"
            " output_tokens server_tool_use_web_search_requests",
            BIGINT,
        ),
        "amount": MONEY,
        **named("currency amount_unit", TEXT),
    },
    required=("result_id", "report", "starting_at", "ending_at"),
    period="strftime(starting_at, '%Y-%m-%d')",
    time="starting_at",
    money=("amount",),
    currency="amount_unit",
    identity="result_id",
    models=("provider", "model"),
    non_negative=(
        "uncached_input_tokens", "cache_read_input_tokens",
        "cache_creation_ephemeral_5m_input_tokens", "cache_creation_ephemeral_1h_input_tokens",
        "output_tokens", "server_tool_use_web_search_requests",
    ),
)  # fmt: skip
