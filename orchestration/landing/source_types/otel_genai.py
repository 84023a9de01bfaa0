"""OpenTelemetry spans of generative AI calls: OTLP/JSON files.

Attributes: the registry and spans of github.com/open-telemetry/semantic-conventions 1.41 (cached
tokens SHOULD be inside input_tokens, reasoning inside output_tokens), the later modality and cost
attributes of semantic-conventions-genai, and the names that emitters used before: gen_ai.system,
prompt_tokens and completion_tokens, traceloop's cache counts, OpenInference's llm.token_count.
`usage_dialect` says which names a span had. All spans with usage land, agents' too: those that
repeat others have `is_leaf` false and are not to be added.
"""

from dataclasses import replace
from pathlib import Path

import duckdb

from orchestration.landing.allow_lists import allow_listed, code_of, count_of
from orchestration.landing.datasets.clouds import OTEL_GENAI
from orchestration.landing.otlp import SPAN_COLUMNS, open_otlp
from orchestration.landing.readers import Reader
from orchestration.landing.sources import (
    Column,
    Columns,
    Combined,
    SourceType,
    first_of,
    paths_of,
)
from orchestration.settings import SourceSettings

_NEW = "gen_ai.usage."
_OPENINFERENCE = {"input": "prompt", "output": "completion"}
_COUNTS: dict[str, tuple[str, ...]] = {
    "input_tokens": (f"{_NEW}input_tokens", f"{_NEW}prompt_tokens", "llm.token_count.prompt"),
    "output_tokens": (
        f"{_NEW}output_tokens", f"{_NEW}completion_tokens", "llm.token_count.completion"
    ),
    "total_tokens": (f"{_NEW}total_tokens", "llm.usage.total_tokens", "llm.token_count.total"),
    "cache_read_input_tokens": (
        f"{_NEW}cache_read.input_tokens", f"{_NEW}cache_read_input_tokens",
        "llm.token_count.prompt_details.cache_read",
    ),
    "cache_creation_input_tokens": (
        f"{_NEW}cache_creation.input_tokens", f"{_NEW}cache_creation_input_tokens",
        "llm.token_count.prompt_details.cache_write",
    ),
    "reasoning_output_tokens": (
        f"{_NEW}reasoning.output_tokens", f"{_NEW}reasoning_tokens",
        "llm.token_count.completion_details.reasoning",
    ),
    **{
        f"{modality}_{side}_tokens": (
            f"{_NEW}{modality}.{side}_tokens",
            f"llm.token_count.{_OPENINFERENCE[side]}_details.{modality}",
        )
        for modality, side in (
            ("text", "input"), ("image", "input"), ("audio", "input"), ("video", "input"),
            ("text", "output"), ("audio", "output"),
        )
    },
}  # fmt: skip
_COST = f"{_NEW}cost.amount"
_REQUEST_MODEL = ("gen_ai.request.model", "llm.model_name")
_OPERATION = ("gen_ai.operation.name", "llm.request.type")
# What a usage span has. Modalities are parts of these, a total or a cost alone is usage too.
_USAGE = (*_COUNTS["input_tokens"], *_COUNTS["output_tokens"], *_COUNTS["total_tokens"], _COST)

_FIELDS: dict[str, Column] = {
    "span_key": Combined(("trace_id", "span_id"), "{0} || '-' || {1}"),
    **{name: first_of(name) for name in SPAN_COLUMNS if name != "status_code"},
    "status_code": code_of("status_code"),
    "service_name": first_of("service.name"),
    "deployment_environment": first_of("deployment.environment.name", "deployment.environment"),
    "cloud_region": first_of("cloud.region"),
    "error_type": code_of("error.type"),
    "operation_name": code_of(*_OPERATION),
    "provider_name": first_of("gen_ai.provider.name", "gen_ai.system", "llm.provider"),
    # What was billed is what answered.
    "model": first_of("gen_ai.response.model", *_REQUEST_MODEL),
    "request_model": first_of(*_REQUEST_MODEL),
    "response_model": first_of("gen_ai.response.model"),
    "response_id": first_of("gen_ai.response.id"),
    "conversation_id": first_of("gen_ai.conversation.id", "session.id"),
    "user_id": first_of("user.id", "enduser.id"),
    "agent_id": first_of("gen_ai.agent.id"),
    "agent_name": first_of("gen_ai.agent.name"),
    "workflow_name": first_of("gen_ai.workflow.name"),
    "service_tier": code_of(
        "openai.response.service_tier", "gen_ai.openai.response.service_tier",
        "openai.request.service_tier", "gen_ai.openai.request.service_tier",
    ),
    "finish_reasons": first_of("gen_ai.response.finish_reasons"),
    "request_max_tokens": count_of("gen_ai.request.max_tokens"),
    "usage_dialect": Combined(
        (*_COUNTS["input_tokens"], *_COUNTS["output_tokens"]),
        "case when coalesce({0}, {3}) is not null then 'gen_ai' "
        "when coalesce({1}, {4}) is not null then 'gen_ai_old' "
        "when coalesce({2}, {5}) is not null then 'openinference' end",
    ),
    **{column: count_of(*names) for column, names in _COUNTS.items()},
    "cost_amount": first_of(_COST),
    "cost_currency": first_of(f"{_NEW}cost.currency"),
    "cost_source": code_of(f"{_NEW}cost.source"),
}  # fmt: skip
_ATTRIBUTES = [
    path for field in _FIELDS.values() for path in paths_of(field) if path not in SPAN_COLUMNS
]


def _read(con: duckdb.DuckDBPyConnection, source: SourceSettings, path: Path) -> Reader:
    attributes = [*_ATTRIBUTES, *(_attribute(name) for name in source.mapping.values())]
    return open_otlp(con, source, path, attributes, _USAGE, (*_REQUEST_MODEL, *_OPERATION))


def _attribute(path: str) -> str:
    return path.removeprefix("attributes.")


_TYPE = allow_listed(
    OTEL_GENAI,
    _FIELDS,
    required=("trace_id",),
    metadata="attributes",
    reader=_read,
)


def _columns(source: SourceSettings, available: list[str]) -> Columns:
    """As allow-listed; mapped attributes are columns of the reader by their own name."""
    mapped = {key: first_of(_attribute(path)) for key, path in source.mapping.items()}
    return {**_TYPE.columns(source, available), **mapped}


SOURCE_TYPE: SourceType = replace(_TYPE, columns=_columns)
