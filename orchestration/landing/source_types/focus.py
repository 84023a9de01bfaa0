"""FOCUS 1.0 to 1.4 Cost and Usage, as CSV or Parquet, with the columns that a vendor adds."""

from orchestration.landing.datasets import FOCUS
from orchestration.landing.focus_columns import focus_type

# Without these a line has no money, no currency or no time. The specification requires far more
# columns, but vendors leave many of them out, and a null says so.
_REQUIRED = (
    "BilledCost",
    "BillingCurrency",
    "BillingPeriodStart",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
)

SOURCE_TYPE = focus_type("focus", FOCUS, "snapshot", _REQUIRED)
