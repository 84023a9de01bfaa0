"""Amazon Bedrock's model invocation logs: JSON lines or objects (gz), as S3 receives them.

Fields: docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html and, for the
counts, the schema AWS.BedrockModelInvocation at docs.panther.com. `inputTokenCount` excludes what
was read from or written to the cache. The total is Converse's own (`usage` of the answer), as are
the cache writes by lifetime; InvokeModel has the latter only for Claude.
"""

from orchestration.landing.allow_lists import allow_listed, code_of, count_of
from orchestration.landing.datasets.clouds import BEDROCK_LOGS
from orchestration.landing.sources import Combined, first_of

# Of the answer's body, these counts only; the answer itself is never asked for.
_USAGE = "output.outputBodyJson.usage"


def _cache_write(ttl: str) -> Combined:
    """Tokens written for a lifetime: Claude's own field, or Converse's list of cacheDetails."""
    entries = 'from_json({1}, \'[{"ttl": "VARCHAR", "inputTokens": "BIGINT"}]\')'
    listed = f"list_filter({entries}, lambda entry: entry.ttl = '{ttl}')"
    total = f"list_sum(list_transform({listed}, lambda entry: entry.inputTokens))"
    return Combined(
        (f"{_USAGE}.cache_creation.ephemeral_{ttl}_input_tokens", f"{_USAGE}.cacheDetails"),
        f"coalesce({{0}}, cast(try({total}) as varchar))",
    )


SOURCE_TYPE = allow_listed(
    BEDROCK_LOGS,
    {
        "requestId": first_of("requestId"),
        "timestamp": first_of("timestamp"),
        "modelId": first_of("modelId"),
        # An ARN ends with the model's or the inference profile's id.
        "model": Combined(("modelId",), "regexp_extract({0}, '[^/]+$')"),
        "operation": first_of("operation"),
        "accountId": first_of("accountId"),
        "region": first_of("region"),
        "inferenceRegion": first_of("inferenceRegion"),
        "identity_arn": first_of("identity.arn"),
        "errorCode": code_of("errorCode"),
        "status": code_of("status"),
        "performanceConfig_latency": code_of("performanceConfig.latency"),
        "serviceTier": code_of("serviceTier.type", "serviceTier"),
        "input_inputTokenCount": count_of("input.inputTokenCount"),
        "input_cacheReadInputTokenCount": count_of("input.cacheReadInputTokenCount"),
        "input_cacheWriteInputTokenCount": count_of("input.cacheWriteInputTokenCount"),
        "output_outputTokenCount": count_of("output.outputTokenCount"),
        "output_outputVideoDurationSeconds": first_of("output.outputVideoDurationSeconds"),
        "usage_totalTokens": count_of(f"{_USAGE}.totalTokens"),
        "usage_cacheWrite5mTokens": _cache_write("5m"),
        "usage_cacheWrite1hTokens": _cache_write("1h"),
    },
    required=("requestId", "timestamp", "modelId"),
    metadata="requestMetadata",
    fixed={"provider": "aws"},
)
