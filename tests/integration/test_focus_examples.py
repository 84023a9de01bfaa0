"""The FOCUS specification's worked examples and a third-party generator's files: each lands with
its stated sums, or is refused with the reason that the file gives."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.errors import RefusedError
from orchestration.landing.lake import Lake
from orchestration.landing.land import land
from orchestration.settings import Settings

pytestmark = pytest.mark.usefixtures("no_gate")

SCENARIO = "commitment_discount_scenarios/commitment_discount_{}.csv"
SIMPLE = "saas_examples/simple_agreements/simple_saas_agreements_{}.csv"
IMPOSSIBLE = "'2023-02-01T30:00:00Z', which is not a time"

# The commitment scenarios have no BillingCurrency column; a constant fills it.
LANDED = [
    *[SCENARIO.format(f"usage_scenario_{number}") for number in (1, 2, 3, 4)],
    SCENARIO.format("purchase_scenario_1"),
    *[SIMPLE.format(name) for name in ("a1", "a2", "a3", "b", "c")],
    "saas_examples/spend_agreements/saas_spend_agreements_a1.csv",
    "saas_examples/spend_agreements/saas_spend_agreements_a2.csv",
    "saas_examples/virtual_currency_pricing_model_a1.csv",
    "saas_examples/virtual_currency_pricing_model_a2.csv",
]
REFUSED = [
    (SCENARIO.format("purchase_scenario_2"), True, IMPOSSIBLE, 3),
    (SCENARIO.format("purchase_scenario_3"), True, IMPOSSIBLE, 4),
    (SCENARIO.format("usage_scenario_1"), False, "column 'BillingCurrency' is missing", None),
]
SYNTHETIC = {
    "aws_1_2_cost_and_usage_rows100_seed42.csv.gz": "1157.48882377213324",
    "azure_1_2_cost_and_usage_rows100_seed42.csv.gz": "3124.49994903980385",
    "gcp_1_2_cost_and_usage_rows100_seed42.csv.gz": "837.52222322465736",
    "aws_1_3_cost_and_usage_rows100_seed42.csv.gz": "1242.1156191148605",
    "aws_1_3_cost_and_usage_rows25_seed7_credits.csv": "929.19897776197748",
}
# Of the columns that a bill needs these lack one.
NO_BILLS = {
    "scenarios_correction_set.csv": "BillingPeriodStart",
    "scenarios_sca_equal.csv": "BillingCurrency",
    "scenarios_sca_weighted.csv": "BillingCurrency",
    "aws_1_3_contract_commitment_rows100_seed42.csv": "BilledCost",
}


def source(file: Path, constant: bool, name: str = "example") -> str:
    fill = '\nconstants = { BillingCurrency = "USD" }' if constant else ""
    return f'[[sources]]\nname = "{name}"\ntype = "focus"\nuri = "{file}"{fill}\n'


def totals(settings: Settings) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for period in Lake(settings).manifests[-1].periods:
        for columns in period.totals.values():
            for column, amount in columns.items():
                found[column] = found.get(column, Decimal(0)) + Decimal(amount)
    return found


@pytest.mark.parametrize("name", LANDED)
def test_an_example_lands_with_its_stated_sums(
    data: Path, workspace: Callable[..., Settings], name: str
) -> None:
    folder = data / "focus_spec_examples"
    stated = json.loads((folder / "control_totals.json").read_text())[name]
    settings = workspace(source(folder / name, name.startswith("commitment")))
    (result,) = land(settings)
    assert result.rows == stated["total"]["rows"] and result.quarantined_rows == 0
    sums = stated["sums_after_removing_currency_formatting"]
    assert totals(settings) == {column: Decimal(amount) for column, amount in sums.items()}


@pytest.mark.parametrize(("name", "constant", "rule", "row"), REFUSED)
def test_an_example_is_refused_with_its_reason(
    data: Path, workspace: Callable[..., Settings], name: str, constant: bool, rule: str, row: int
) -> None:
    settings = workspace(source(data / "focus_spec_examples" / name, constant))
    with pytest.raises(RefusedError) as refusal:
        land(settings)
    assert rule in refusal.value.message and refusal.value.row == row


@pytest.mark.parametrize("name", SYNTHETIC)
def test_a_generated_file_lands_with_its_stated_sum(
    data: Path, workspace: Callable[..., Settings], name: str
) -> None:
    settings = workspace(source(data / "focus_1_2_1_3_synthetic" / name, False))
    land(settings)
    assert totals(settings)["BilledCost"] == Decimal(SYNTHETIC[name])


@pytest.mark.parametrize(("name", "column"), NO_BILLS.items())
def test_a_file_that_is_no_cost_and_usage_data_is_refused(
    data: Path, workspace: Callable[..., Settings], name: str, column: str
) -> None:
    settings = workspace(source(data / "focus_1_2_1_3_synthetic" / name, False))
    with pytest.raises(RefusedError, match=f"required column '{column}' is missing"):
        land(settings)


def test_generated_contract_commitments_land_with_their_sums(
    data: Path, workspace: Callable[..., Settings]
) -> None:
    folder = data / "focus_1_2_1_3_synthetic"
    name = "aws_1_3_contract_commitment_rows100_seed42"
    stated = json.loads((folder / "control_totals.json").read_text())[name]["total"]
    text = source(folder / f"{name}.csv", False)
    settings = workspace(text.replace('"focus"', '"focus_contract_commitment"'))
    (result,) = land(settings)
    assert result.rows == stated["rows"] and result.quarantined_rows == 0
    sums = {"ContractCommitmentCost": Decimal(stated["sum_ContractCommitmentCost"])}
    assert totals(settings) == sums
