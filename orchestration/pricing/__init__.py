"""Prices of hosted models: dated snapshots for the price book, and which model is meant."""

from orchestration.pricing.match import match_models
from orchestration.pricing.snapshot import ensure_price_snapshot, price_table

__all__ = ["ensure_price_snapshot", "match_models", "price_table"]
