"""FOCUS 1.3 and 1.4 Contract Commitment: what was agreed with vendors, as CSV or Parquet."""

from orchestration.landing.datasets.contracts import CONTRACT_COMMITMENT
from orchestration.landing.focus_columns import focus_type

# What it is and how long it holds. A commitment is of money or of a quantity: neither is required.
_REQUIRED = (
    "ContractCommitmentId",
    "ContractId",
    "ContractCommitmentPeriodStart",
    "ContractCommitmentPeriodEnd",
)

SOURCE_TYPE = focus_type("focus_contract_commitment", CONTRACT_COMMITMENT, "snapshot", _REQUIRED)
