"""Any bill as CSV, JSON or Parquet, by mapping."""

from orchestration.landing.sources import mapped_type

SOURCE_TYPE = mapped_type("cost_lines", "snapshot", required=("charge_date", "cost", "currency"))
