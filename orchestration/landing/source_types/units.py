"""Denominators such as launches, active users, decisions, by mapping."""

from orchestration.landing.sources import mapped_type

SOURCE_TYPE = mapped_type("units", "snapshot", required=("date", "unit", "quantity"))
