"""Business outcomes, by mapping."""

from orchestration.landing.sources import mapped_type

SOURCE_TYPE = mapped_type("outcomes", "append", required=("outcome_type", "occurred_at"))
