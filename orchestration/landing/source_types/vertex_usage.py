"""Vertex AI's request-response log of Gemini and Claude, as exported from its BigQuery table.

Columns: cloud.google.com/vertex-ai/generative-ai/docs/multimodal/request-response-logging; counts:
`usageMetadata` of docs.cloud.google.com (GenerateContentResponse): promptTokenCount includes
cachedContentTokenCount, candidatesTokenCount excludes thoughtsTokenCount, and the total is the sum
of prompt, candidates, thoughts and toolUsePrompt. Google logs a sample: the rate is a setting of
the model there and stands in no row, so the settings here must state it (1 for all requests).
"""

from dataclasses import replace

from orchestration.errors import SettingsError
from orchestration.landing.allow_lists import allow_listed, code_of, count_of
from orchestration.landing.datasets.clouds import VERTEX_MODALITIES, VERTEX_USAGE
from orchestration.landing.sources import Column, Combined, SourceType, first_of
from orchestration.settings import SourceSettings

# The response as a JSON column or text; of a streamed one, its last chunk; or usage alone.
_RESPONSES = ("full_response>", "full_response>[#-1].", "response>", "")


def _usage(field: str) -> tuple[str, ...]:
    return tuple(f"{response}usageMetadata.{field}" for response in _RESPONSES)


def _modality(details: str, modality: str) -> Combined:
    paths = _usage(details)
    found = first_of(*paths).sql
    entries = f'from_json({found}, \'[{{"modality": "VARCHAR", "tokenCount": "BIGINT"}}]\')'
    listed = f"list_filter({entries}, lambda entry: entry.modality = '{modality.upper()}')"
    total = f"list_sum(list_transform({listed}, lambda entry: entry.tokenCount))"
    return Combined(paths, f"cast(try({total}) as varchar)")


def _claude(field: str) -> Combined:
    return count_of(f"full_response>usage.{field}")


_FIELDS: dict[str, Column] = {
    "request_id": first_of("request_id", "full_response>responseId", "responseId"),
    "logging_time": first_of("logging_time", "timestamp"),
    # publishers/google/models/gemini-2.5-pro
    "model": Combined(
        ("model", "full_response>modelVersion", "modelVersion"),
        "regexp_extract(coalesce({0}, {1}, {2}), '[^/]+$')",
    ),
    "publisher": Combined(("model",), "nullif(regexp_extract({0}, 'publishers/([^/]+)', 1), '')"),
    "model_version": first_of("model_version", "full_response>modelVersion", "modelVersion"),
    "endpoint": first_of("endpoint"),
    "deployed_model_id": first_of("deployed_model_id"),
    "api_method": first_of("api_method"),
    "sampling_rate": first_of("sampling_rate"),
    "trafficType": code_of(*_usage("trafficType")),
    "error_code": code_of("full_response>error.status", "full_response>error.code"),
    **{
        field: count_of(*_usage(field))
        for field in (
            "promptTokenCount", "cachedContentTokenCount", "candidatesTokenCount",
            "thoughtsTokenCount", "toolUsePromptTokenCount", "totalTokenCount",
        )
    },
    **{
        f"{part}_{modality}_tokens": _modality(f"{part}TokensDetails", modality)
        for part in ("prompt", "cache", "candidates", "toolUsePrompt")
        for modality in VERTEX_MODALITIES
    },
    "usage_input_tokens": _claude("input_tokens"),
    "usage_output_tokens": _claude("output_tokens"),
    "usage_cache_read_input_tokens": _claude("cache_read_input_tokens"),
    "usage_cache_creation_input_tokens": _claude("cache_creation_input_tokens"),
    **{
        f"usage_cache_creation_{key}": _claude(f"cache_creation.{key}")
        for key in ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
    },
}  # fmt: skip

_TYPE = allow_listed(
    VERTEX_USAGE,
    _FIELDS,
    required=("logging_time|timestamp", "full_response|response|usageMetadata"),
    metadata="full_request>labels",
    options=("sampling_rate_in_rows",),
    fixed={"provider": "google"},
)


def _check(source: SourceSettings) -> None:
    """As for every type; and the rate must be known, or the usage would look complete."""
    _TYPE.check(source)
    stated = source.constants.get("sampling_rate")
    if stated is None and not source.options.get("sampling_rate_in_rows", False):
        raise SettingsError(
            f"source '{source.name}': the share of requests that Vertex logs is not stated",
            "set constants = { sampling_rate = 1.0 } to the rate of the model's logging "
            "configuration, or options = { sampling_rate_in_rows = true } where the export has "
            "a column sampling_rate",
        )
    if stated is not None and not 0 < float(stated) <= 1:
        raise SettingsError(
            f"source '{source.name}': sampling_rate = {stated} is no share above 0 and up to 1",
            "0.1 means that every tenth request is logged",
        )


SOURCE_TYPE: SourceType = replace(_TYPE, check=_check)
