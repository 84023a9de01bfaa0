"""Usage records of Azure OpenAI: Azure Monitor's resource logs, and API Management's LLM logs.

Resource logs (JSON lines in storage, or a Log Analytics export as CSV): learn.microsoft.com,
Supported logs of Microsoft.CognitiveServices/accounts; `properties` is JSON, often as text. Token
counts stand in API Management's table ApiManagementGatewayLlmLog (learn.microsoft.com), or in the
`usage` object of records that one's own proxy wrote, in OpenAI's form. A request that a full
provisioned deployment hands to a standard one names the former in the response header
x-ms-spillover-from-deployment (learn.microsoft.com, spillover-traffic-management). Which
deployments are provisioned is in no log: `options.provisioned_deployments` names them.
"""

from dataclasses import replace

from orchestration.landing.allow_lists import allow_listed, code_of, count_of
from orchestration.landing.datasets.clouds import AZURE_OPENAI
from orchestration.landing.readers import literal
from orchestration.landing.sources import Column, Columns, Combined, SourceType, first_of
from orchestration.settings import SourceSettings

# Azure Monitor in storage, in Log Analytics (typed, and the older names with a suffix), flat.
_PLACES = ("properties>", "Properties>", "properties_s>", "")


def _in(*names: str) -> tuple[str, ...]:
    return tuple(f"{place}{name}" for name in names for place in _PLACES)


# What OpenAI calls a split in its chat, responses and realtime interfaces.
_DETAILS = {
    "prompt": ("prompt_tokens_details", "input_tokens_details", "input_token_details"),
    "completion": ("completion_tokens_details", "output_tokens_details", "output_token_details"),
}


def _details(whole: str, part: str) -> tuple[str, ...]:
    return _in(*(f"usage.{name}.{part}" for name in _DETAILS[whole]))


_HEADER = '"x-ms-spillover-from-deployment"'
_ID = ("correlationId", "CorrelationId", "request_id", "requestId")
_DEPLOYMENT = (*_in("modelDeploymentName"), "DeploymentName", "deployment")
_TYPE_NAMES = (*_in("deploymentType", "skuName"), "deployment_type", "sku.name")
_SPILLOVER = _in("spilloverFromDeployment", f"responseHeaders.{_HEADER}", _HEADER)
_FIELDS: dict[str, Column] = {
    # Two categories may log one request, and long ones are split: each record counts by itself.
    "record_id": Combined(
        (*_ID, "category", "Category", "SequenceNumber"),
        "coalesce({0}, {1}, {2}, {3}) || coalesce('/' || coalesce({4}, {5}), '') "
        "|| coalesce('/' || {6}, '')",
    ),
    "request_id": first_of(*_ID),
    "category": first_of("category", "Category"),
    "operation_name": first_of("operationName", "OperationName"),
    "resource_id": first_of("resourceId", "_ResourceId", "ResourceId"),
    "location": first_of("location", "Region", "region"),
    "time": first_of("time", "TimeGenerated", "TimeGenerated [UTC]", "timestamp"),
    "duration_ms": first_of("durationMs", "DurationMs"),
    "result_code": code_of("resultSignature", "ResultSignature", "status_code"),
    "user_id": first_of(*_in("objectId"), "user_id"),
    "deployment": first_of(*_DEPLOYMENT),
    "deployment_type": code_of(*_TYPE_NAMES),
    "model": first_of(*_in("modelName"), "ModelName", "model"),
    "model_version": first_of(*_in("modelVersion"), "ModelVersion"),
    "service_tier": code_of(*_in("service_tier", "serviceTier")),
    "is_stream": Combined(
        (*_in("streamType"), "IsStreamCompletion", "stream"),
        "case coalesce({0}, {1}, {2}, {3}) when 'Streaming' then 'true' "
        "when 'Non-Streaming' then 'false' when 'Blocking' then 'false' "
        "else coalesce({4}, {5}) end",
    ),
    "spillover_from_deployment": first_of(*_SPILLOVER),
    "is_spillover": Combined(
        (*_in("isSpillover", "IsSpillover"), *_SPILLOVER),
        "coalesce({0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, "
        f"case when coalesce({', '.join(f'{{{8 + n}}}' for n in range(len(_SPILLOVER)))}) "
        "is not null then 'true' end)",
    ),
    "prompt_tokens": count_of(
        *_in("usage.prompt_tokens", "usage.input_tokens", "promptTokens"), "PromptTokens"
    ),
    "completion_tokens": count_of(
        *_in("usage.completion_tokens", "usage.output_tokens", "completionTokens"),
        "CompletionTokens",
    ),
    "total_tokens": count_of(*_in("usage.total_tokens", "totalTokens"), "TotalTokens"),
    "cached_tokens": count_of(*_details("prompt", "cached_tokens"), *_in("cachedTokens")),
    "cache_write_tokens": count_of(*_details("prompt", "cache_write_tokens")),
    "reasoning_tokens": count_of(*_details("completion", "reasoning_tokens")),
    "prompt_audio_tokens": count_of(*_details("prompt", "audio_tokens")),
    "prompt_image_tokens": count_of(*_details("prompt", "image_tokens")),
    "cached_audio_tokens": count_of(*_details("prompt", "cached_tokens_details.audio_tokens")),
    "completion_audio_tokens": count_of(*_details("completion", "audio_tokens")),
    "completion_image_tokens": count_of(*_details("completion", "image_tokens")),
}

_TYPE = allow_listed(
    AZURE_OPENAI,
    _FIELDS,
    required=("time|TimeGenerated|TimeGenerated [UTC]|timestamp",),
    metadata="properties>metadata",
    options=("provisioned_deployments",),
    fixed={"provider": "azure"},
)


def _columns(source: SourceSettings, available: list[str]) -> Columns:
    """As allow-listed; provisioned where the settings say so, else by the deployment's type."""
    stated = str(source.options.get("provisioned_deployments", ""))
    names = ", ".join(literal(name.strip()) for name in stated.split(",") if name.strip())
    if names:
        deployment = first_of(*_DEPLOYMENT)
        provisioned = Combined(_DEPLOYMENT, f"cast({deployment.sql} in ({names}) as varchar)")
    else:
        kind = first_of(*_TYPE_NAMES)
        provisioned = Combined(_TYPE_NAMES, f"cast({kind.sql} ilike '%provisioned%' as varchar)")
    return {
        column: path
        for column, path in {
            **_TYPE.columns(source, available),
            "is_provisioned": provisioned,
        }.items()
        if column not in source.constants
    }


SOURCE_TYPE: SourceType = replace(_TYPE, columns=_columns)
