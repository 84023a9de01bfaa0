"""FOCUS 1.2's requirement model as our exports are judged by it: what is put right in it, and what
cannot be judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.focus_rules import Model

Check = dict[str, Any]


def _is(column: str, value: str | None) -> Check:
    return {"CheckFunction": "CheckValue", "ColumnName": column, "Value": value}


def _is_not(column: str, value: str | None) -> Check:
    return {"CheckFunction": "CheckNotValue", "ColumnName": column, "Value": value}


def _both(*items: Check) -> Check:
    return {"CheckFunction": "AND", "Items": list(items)}


def _either(*items: Check) -> Check:
    return {"CheckFunction": "OR", "Items": list(items)}


def _decimal(column: str) -> Check:
    return {"CheckFunction": "CheckDecimalValue", "ColumnName": column}


CONTRACTED = "PricingCurrencyContractedUnitPrice"
STATUS, ID = "CommitmentDiscountStatus", "CommitmentDiscountId"
CATEGORY = "CommitmentDiscountCategory"

CORRECTED: dict[str, tuple[Check, Check]] = {
    # "MUST be null when CommitmentDiscountId is null": the check asks for the contrary.
    "CommitmentDiscountStatus-C-003-C": (_is(STATUS, None), _is(ID, None)),
    # "MUST NOT be null when CommitmentDiscountId is not null and Charge Category is Usage": the
    # check's condition is the contrary.
    "CommitmentDiscountStatus-C-004-C": (
        _is_not(STATUS, None),
        _both(_is_not(ID, None), _is("ChargeCategory", "Usage")),
    ),
    # "one of the allowed values", which are Used and Unused; the check has those of another column.
    "CommitmentDiscountStatus-C-005-M": (
        _either(_is(STATUS, "Used"), _is(STATUS, "Unused")),
        _is_not(STATUS, None),
    ),
    # The column may be null (C-003-C); the check forbids it.
    "CommitmentDiscountCategory-C-005-M": (
        _either(_is(CATEGORY, "Spend"), _is(CATEGORY, "Usage")),
        _is_not(CATEGORY, None),
    ),
    # Sentences that columns decide, and that have no check.
    "PricingCurrencyContractedUnitPrice-C-004-C": (
        _is(CONTRACTED, None),
        _is("ChargeCategory", "Tax"),
    ),
    "PricingCurrencyContractedUnitPrice-C-005-C": (
        _is_not(CONTRACTED, None),
        _both(
            _either(_is("ChargeCategory", "Usage"), _is("ChargeCategory", "Purchase")),
            _is_not("ChargeClass", "Correction"),
        ),
    ),
    "PricingCurrencyContractedUnitPrice-C-008-C": (
        {"CheckFunction": "CheckGreaterOrEqualThanValue", "ColumnName": CONTRACTED, "Value": 0},
        {},
    ),
    "ConsumedQuantity-C-008-C": (_decimal("ConsumedQuantity"), {}),
    "CommitmentDiscountQuantity-C-009-M": (_decimal("CommitmentDiscountQuantity"), {}),
}
"""Rules whose check is missing or says something else than their sentence: that is checked."""

UNDECIDED = {
    "BilledCost-C-005-C": (
        "the check takes every issuer of another name than the provider for a third party: 'AWS'"
        " and 'Amazon Web Services, Inc.' are one"
    ),
}
"""Rules whose check cannot tell what their sentence asks."""


UNCHECKED = Path(__file__).with_name("focus_rules_unchecked.csv")
"""Rules without a check, each with the reason why no file decides it."""


def model_1_2(data: Path) -> Model:
    """The model out of the shared data."""
    folder = data / "focus_validator_rules"
    return Model(folder / "model-1.2.json.gz", folder / "currency_codes.csv", CORRECTED)
