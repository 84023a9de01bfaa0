"""Any request log, by mapping."""

from orchestration.landing.sources import mapped_type

SOURCE_TYPE = mapped_type(
    "token_events", "append", required=("started_at", "input_tokens", "output_tokens")
)
