"""Budgets by month and scope, by mapping."""

from orchestration.landing.sources import mapped_type

SOURCE_TYPE = mapped_type("budgets", "snapshot", required=("period", "amount"))
