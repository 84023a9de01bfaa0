"""Request logs of the clouds that serve models: one row a request, counts as the log has them."""

from __future__ import annotations

from orchestration.landing.datasets.base import (
    ALLOCATION_KEYS,
    BIGINT,
    BOOL,
    MONEY,
    TEXT,
    TIME,
    Dataset,
    named,
)

_KEYS = dict.fromkeys(ALLOCATION_KEYS, TEXT)

_BEDROCK_COUNTS = (
    "input_inputTokenCount input_cacheReadInputTokenCount input_cacheWriteInputTokenCount"
    " output_outputTokenCount usage_totalTokens usage_cacheWrite5mTokens usage_cacheWrite1hTokens"
)
BEDROCK_LOGS = Dataset(
    name="bedrock_logs",
    columns={
        **named("requestId provider modelId model operation", TEXT),
        "timestamp": TIME,
        **named("accountId region inferenceRegion identity_arn", TEXT),
        **named("errorCode status performanceConfig_latency serviceTier", TEXT),
        **named(_BEDROCK_COUNTS, BIGINT),
        "output_outputVideoDurationSeconds": MONEY,
        **_KEYS,
    },
    required=("requestId", "timestamp", "modelId"),
    period="strftime(\"timestamp\", '%Y-%m-%d')",
    time="timestamp",
    identity="requestId",
    models=("provider", "model"),
    non_negative=(*_BEDROCK_COUNTS.split(), "output_outputVideoDurationSeconds"),
    users=("identity_arn",),
)

VERTEX_MODALITIES = ("text", "audio", "image", "video", "document")
_VERTEX_COUNTS = (
    "promptTokenCount cachedContentTokenCount candidatesTokenCount thoughtsTokenCount"
    " toolUsePromptTokenCount totalTokenCount"
)
_VERTEX_PARTS = tuple(
    f"{part}_{modality}_tokens"
    for part in ("prompt", "cache", "candidates", "toolUsePrompt")
    for modality in VERTEX_MODALITIES
)
_CLAUDE_COUNTS = (
    "usage_input_tokens usage_output_tokens usage_cache_read_input_tokens"
    " usage_cache_creation_input_tokens usage_cache_creation_ephemeral_5m_input_tokens"
    " usage_cache_creation_ephemeral_1h_input_tokens"
)
VERTEX_USAGE = Dataset(
    name="vertex_usage",
    columns={
        **named("request_id provider publisher model model_version endpoint", TEXT),
        **named("deployed_model_id api_method trafficType error_code", TEXT),
        "logging_time": TIME,
        "sampling_rate": MONEY,
        **named(_VERTEX_COUNTS, BIGINT),
        **dict.fromkeys(_VERTEX_PARTS, BIGINT),
        **named(_CLAUDE_COUNTS, BIGINT),
        **_KEYS,
    },
    required=("logging_time", "sampling_rate"),
    period="strftime(logging_time, '%Y-%m-%d')",
    time="logging_time",
    identity="request_id",
    models=("provider", "model"),
    non_negative=(
        *_VERTEX_COUNTS.split(),
        *_VERTEX_PARTS,
        *_CLAUDE_COUNTS.split(),
        "sampling_rate",
    ),
)

_AZURE_COUNTS = (
    "prompt_tokens completion_tokens total_tokens cached_tokens cache_write_tokens"
    " reasoning_tokens prompt_audio_tokens completion_audio_tokens cached_audio_tokens"
    " prompt_image_tokens completion_image_tokens"
)
AZURE_OPENAI = Dataset(
    name="azure_openai",
    columns={
        **named("record_id request_id category operation_name provider resource_id location", TEXT),
        **named("deployment deployment_type model model_version service_tier", TEXT),
        **named("spillover_from_deployment result_code user_id", TEXT),
        **named("is_provisioned is_spillover is_stream", BOOL),
        "time": TIME,
        "duration_ms": MONEY,
        **named(_AZURE_COUNTS, BIGINT),
        **_KEYS,
    },
    required=("time",),
    period="strftime(\"time\", '%Y-%m-%d')",
    time="time",
    identity="record_id",
    models=("provider", "model"),
    non_negative=tuple(_AZURE_COUNTS.split()),
    users=("user_id",),
)

_OTEL_COUNTS = (
    "input_tokens output_tokens total_tokens cache_read_input_tokens"
    " cache_creation_input_tokens reasoning_output_tokens text_input_tokens image_input_tokens"
    " audio_input_tokens video_input_tokens text_output_tokens audio_output_tokens"
)
OTEL_GENAI = Dataset(
    name="otel_genai",
    columns={
        **named("span_key trace_id span_id parent_span_id ancestor_span_ids", TEXT),
        **named("is_leaf has_usage", BOOL),
        **named("start_time end_time", TIME),
        **named("service_name deployment_environment cloud_region scope_name", TEXT),
        **named("status_code error_type operation_name provider_name model", TEXT),
        **named("request_model response_model response_id conversation_id user_id", TEXT),
        **named("agent_id agent_name workflow_name service_tier finish_reasons", TEXT),
        "request_max_tokens": BIGINT,
        "usage_dialect": TEXT,
        **named(_OTEL_COUNTS, BIGINT),
        "cost_amount": MONEY,
        **named("cost_currency cost_source", TEXT),
        **_KEYS,
    },
    required=("trace_id", "span_id", "start_time"),
    period="strftime(start_time, '%Y-%m-%d')",
    time="start_time",
    money=("cost_amount",),
    currency="cost_currency",
    identity="span_key",
    models=("provider_name", "model"),
    non_negative=tuple(_OTEL_COUNTS.split()),
    newest="end_time",
    users=("user_id",),
)
