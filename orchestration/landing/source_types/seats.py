"""Seats of a service by month and who has them, by mapping."""

from orchestration.landing.sources import mapped_type

SOURCE_TYPE = mapped_type("seats", "snapshot", required=("service", "period", "assigned"))
