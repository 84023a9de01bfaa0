"""What inference servers of one's own count."""

from __future__ import annotations

from orchestration.landing.datasets.base import (
    ALLOCATION_KEYS,
    BIGINT,
    MONEY,
    TEXT,
    TIME,
    Dataset,
    named,
)

VLLM_LABELS = (
    "model_name", "engine", "instance", "job", "namespace", "pod", "container", "service",
    "finished_reason",
)  # fmt: skip
"""Labels that land under their own name. Others land only where `mapping` names them as a key."""

# One row a counter and hour: what it rose by, counted across restarts. A counter that was not
# there has no row: it is unknown, not 0.
VLLM = Dataset(
    name="vllm_metrics",
    columns={
        **named("record_id series_id metric", TEXT),
        **named(" ".join(VLLM_LABELS), TEXT),
        **named("bucket_start sampled_from sampled_to", TIME),
        **named("increase last_value", MONEY),
        **named("resets samples tokens_per_count", BIGINT),
        **dict.fromkeys(ALLOCATION_KEYS, TEXT),
    },
    required=("record_id", "metric", "bucket_start", "increase"),
    period="strftime(bucket_start, '%Y-%m-%d')",
    time="bucket_start",
    identity="record_id",
    non_negative=("increase", "last_value", "resets", "samples"),
)
