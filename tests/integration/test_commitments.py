"""Commitments, contracts and virtual currencies: what FOCUS states of its worked examples holds in
the marts, and so does what a hand-written bill of each kind must give.

One workspace with all of them; a source has a provider of its own, so that commitments that the
examples call alike stay apart.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.build.runner import DbtSession
from orchestration.errors import RefusedError
from orchestration.exports.focus import read_focus
from orchestration.landing import gate_step
from orchestration.landing.land import land
from orchestration.publishing.read import DuckDBMarts
from orchestration.settings import load_settings

SCENARIOS = {
    "bought_for_a_year": "purchase_scenario_1",
    "all_used": "usage_scenario_1",
    "none_used": "usage_scenario_2",
    "three_quarters_used": "usage_scenario_3",
    "more_than_committed": "usage_scenario_4",
}
SAAS = {
    **{f"simple_{name}": f"simple_agreements/simple_saas_agreements_{name}" for name in
       ("a1", "a2", "a3", "b", "c")},
    **{f"spend_{name}": f"spend_agreements/saas_spend_agreements_{name}" for name in ("a1", "a2")},
    **{f"tokens_{name}": f"virtual_currency_pricing_model_{name}" for name in ("a1", "a2")},
}  # fmt: skip
SYNTHETIC = {
    "generated_aws_1_3": "aws_1_3_cost_and_usage_rows100_seed42.csv.gz",
    "generated_aws_1_2": "aws_1_2_cost_and_usage_rows100_seed42.csv.gz",
    "generated_azure_1_2": "azure_1_2_cost_and_usage_rows100_seed42.csv.gz",
    "generated_gcp_1_2": "gcp_1_2_cost_and_usage_rows100_seed42.csv.gz",
}
CONTRACTS = "aws_1_3_contract_commitment_rows100_seed42"
MODELS = [
    "commitments", "commitments_monthly", "commitment_coverage_monthly",
    "contract_commitments", "virtual_currencies_monthly",
]  # fmt: skip


def moment(day: int) -> str:
    """The start of a day, counted from 1 January 2026."""
    return f"{date(2026, 1, 1) + timedelta(days=day - 1)}T00:00:00Z"


def line(provider: str, day: int = 1, days: int = 1, **columns: Any) -> dict[str, Any]:
    """A usage line that costs what it lists, unless `columns` say more."""
    amount = columns.pop("amount", 0)
    return {
        "BillingCurrency": "USD",
        "BillingPeriodStart": moment(1),
        "ServiceProviderName": provider,
        "ServiceName": "Compute",
        "ChargeCategory": "Usage",
        "ChargePeriodStart": moment(day),
        "ChargePeriodEnd": moment(day + days),
        **dict.fromkeys(("ListCost", "ContractedCost", "BilledCost", "EffectiveCost"), amount),
        **columns,
    }


def bought(provider: str, cost: Any, **columns: Any) -> dict[str, Any]:
    more = {"ChargeCategory": "Purchase", "EffectiveCost": 0, "CommitmentDiscountId": "plan"}
    return line(provider, amount=cost, **{**more, "ChargeFrequency": "One-Time", **columns})


def part(provider: str, status: str, cost: Any, **columns: Any) -> dict[str, Any]:
    more = {"BilledCost": 0, "EffectiveCost": cost, "CommitmentDiscountId": "plan"}
    return line(provider, **{"CommitmentDiscountStatus": status, **more, **columns})


def programs(*types: str) -> str:
    return json.dumps({"CommitmentPrograms": [{"ProgramType": kind} for kind in types]})


BILL = [
    # A term of two days, paid before; all of it is used or lost.
    bought("Over", "48.000000000000000001", days=2),
    part("Over", "Used", "30.5", ListCost=50, ContractedCost=45),
    part("Over", "Unused", "17.500000000000000001", day=2),
    # The same, with a cent that is neither.
    bought("Leaky", 48, days=2),
    part("Leaky", "Used", 40, ListCost=50, ContractedCost=45),
    part("Leaky", "Unused", "7.99", day=2),
    # Bought for January to March, and February is not billed yet.
    bought("Running", 90, days=59),
    part("Running", "Used", 10, ListCost=8, ContractedCost=8),
    # Bought before the bills begin.
    part("Before", "Used", 5, ListCost=8, ContractedCost=""),
    bought("Before", 4, day=2, ChargeFrequency="Recurring"),
    # Partly paid upfront, partly month by month, in another currency.
    bought("Partly", 20, days=2, BillingCurrency="EUR"),
    bought("Partly", 10, days=2, BillingCurrency="EUR", ChargeFrequency="Recurring"),
    part("Partly", "Used", 30, days=2, BillingCurrency="EUR", ListCost=60, ContractedCost=50),
    # FOCUS' example of a denominator that is eligible spend, in list cost.
    line("Aura Web", amount=200, CommitmentProgramEligibilityDetails=programs("A", "B")),
    part("Aura Web", "Used", 120, ListCost=150, ContractedCost=140,
         CommitmentProgramEligibilityDetails=programs("B")),
    part("Aura Web", "Used", 80, ListCost=100, ContractedCost=90),
    line("Aura Web", amount=50, ServiceName="Support"),
]  # fmt: skip
# No 1.4 columns: rules, or nobody knows.
OTHERS = [
    line("AWS", amount=100, ServiceName="AmazonEC2", SkuMeter="BoxUsage:m5.large"),
    line("AWS", amount=40, ServiceName="AmazonEC2", SkuMeter="DataTransfer-Out-Bytes"),
    line("AWS", amount=60, ServiceName="Something New"),
    line("AWS", amount=30, ServiceName="AmazonRDS", SkuMeter="InstanceUsage:db.r6g", ListCost=""),
    line("AWS", amount=10, ServiceName="AmazonRDS", SkuMeter="InstanceUsage:db.r6g", ListCost=20,
         ContractedCost=16),
]  # fmt: skip
# A credit takes off what a commitment covers, and does not say of which usage.
GOOGLE = {
    "service": {"description": "Compute Engine"},
    "sku": {"description": "N2 Instance Core running"},
    "cost": 10, "cost_at_list": 10, "currency": "USD", "billing_account_id": "b",
    "credits": [{"amount": -6, "type": "COMMITTED_USAGE_DISCOUNT", "id": "cud-1"}],
    "invoice": {"month": "202601"}, "usage_start_time": moment(1), "usage_end_time": moment(2),
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, data: Path) -> DbtSession:
    """The marts, built with their tests."""
    folder = tmp_path_factory.mktemp("commitments")
    examples, generated = data / "focus_spec_examples", data / "focus_1_2_1_3_synthetic"
    sources = [
        (
            name,
            f"{examples}/commitment_discount_scenarios/commitment_discount_{file}.csv",
            f'BillingCurrency = "USD", ServiceProviderName = "{name}"',
        )
        for name, file in SCENARIOS.items()
    ]
    sources += [
        (
            name,
            f"{examples}/saas_examples/{file}.csv",
            "" if name.startswith("tokens") else f'ServiceProviderName = "{name}"',
        )
        for name, file in SAAS.items()
    ]
    sources += [
        (name, f"{generated}/{file}", f'ServiceProviderName = "{name}"')
        for name, file in SYNTHETIC.items()
    ]  # fmt: skip
    sources += [("own", "own.csv", ""), ("others", "others.csv", "")]
    text = "".join(
        f'[[sources]]\nname = "{name}"\ntype = "focus"\nuri = "{uri}"\n'
        + (f"constants = {{ {constants} }}\n" if constants else "")
        for name, uri, constants in sources
    )
    text += (
        f'[[sources]]\nname = "contracts"\ntype = "focus_contract_commitment"\n'
        f'uri = "{generated}/{CONTRACTS}.csv"\n'
        '[[sources]]\nname = "google"\ntype = "gcp_billing"\nuri = "google.jsonl"\n'
    )
    (folder / "twinledger.toml").write_text(text, encoding="utf-8")
    write_bill(folder / "own.csv", BILL)
    write_bill(folder / "others.csv", OTHERS)
    (folder / "google.jsonl").write_text(json.dumps(GOOGLE), encoding="utf-8")
    settings = load_settings(folder / "twinledger.toml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate_step, "judge_loads", lambda con, s, o, t, lake, prepared: prepared)
        land(settings)
    session = DbtSession(settings)
    session.build(select=[f"+{name}" for name in MODELS], exclude=["resource_type:test"])
    result = session.build(select=[*MODELS, "int_contract_commitments", "int_eligible_usage"])
    # Only the vendor whose cent is missing is told.
    assert [problem.name for problem in result.warnings] == ["what_was_bought_is_used_or_lost"]
    return session


@pytest.fixture(scope="module")
def marts(built: DbtSession) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(built.settings.build), read_only=True) as con:
        yield con


def write_bill(path: Path, lines: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for item in lines for key in item)))
        writer.writeheader()
        writer.writerows(lines)


def rows_of(file: Path) -> list[dict[str, str]]:
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding="utf-8") as text:
        return list(csv.DictReader(text))


@pytest.mark.parametrize("name", [*SCENARIOS, *SAAS])
def test_an_example_costs_in_charges_what_its_specification_says(
    marts: duckdb.DuckDBPyConnection, data: Path, name: str
) -> None:
    folder = data / "focus_spec_examples"
    file = next(
        row[0].split("focus_spec_examples/")[1]
        for row in marts.execute(
            "select distinct source_file from cost_ledger.charges where source_name = ?", [name]
        ).fetchall()
    )
    stated = json.loads((folder / "control_totals.json").read_text())[file]
    sums = stated["sums_after_removing_currency_formatting"]
    found = marts.execute(
        "select sum(billed_cost), sum(effective_cost), sum(contracted_cost), sum(list_cost), "
        "count(*) from cost_ledger.charges where source_name = ?", [name]
    ).fetchall()  # fmt: skip
    columns = ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost")
    money = [Decimal(sums[column]) if column in sums else None for column in columns]
    assert found == [(*money, stated["total"]["rows"])]


def test_an_hour_of_the_examples_is_used_or_lost(marts: duckdb.DuckDBPyConnection) -> None:
    """FOCUS: 8,760 dollars for a year of 8,760 hours; what an hour costs is used or unused."""
    found = marts.execute(
        "select provider, used_commitment_cost, unused_commitment_cost, amortized_cost, "
        "commitment_utilization, used_quantity, unused_quantity, total_saving "
        "from cost_ledger.commitments_monthly where year(period_start) = 2023 "
        "and amortized_cost is not null order by provider"
    ).fetchall()
    one, none, quarter = Decimal(1), Decimal(0), Decimal("0.25")
    assert found == [
        ("all_used", one, none, one, 1.0, one, none, None),
        ("more_than_committed", one, none, one, 1.0, one, none, None),
        ("none_used", none, one, one, 0.0, none, one, -one),
        ("three_quarters_used", 3 * quarter, quarter, one, 0.75, 3 * quarter, quarter, None),
    ]
    (bought,) = marts.execute(
        "select purchased_cost, upfront_cost, recurring_cost, amortized_cost, purchased_quantity "
        "from cost_ledger.commitments_monthly where provider = 'bought_for_a_year'"
    ).fetchall()
    assert bought == (8760, 8760, 0, None, 8760)
    assert {row[3] * 8760 for row in found} == {bought[0]}
    assert marts.execute(
        "select balance_status, unamortized_cost, expires_at::date::varchar, days_to_expiry "
        "from cost_ledger.commitments where provider = 'bought_for_a_year'"
    ).fetchall() == [("open", 8760, "2024-01-01", None)]


@pytest.mark.parametrize("name", SYNTHETIC)
def test_used_and_unused_are_what_was_bought(
    marts: duckdb.DuckDBPyConnection, data: Path, name: str
) -> None:
    """The generator's commitments, added up by hand."""
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    for row in rows_of(data / "focus_1_2_1_3_synthetic" / SYNTHETIC[name]):
        if row["CommitmentDiscountId"]:
            place = {"": 0, "Used": 1, "Unused": 2}[row["CommitmentDiscountStatus"]]
            column = "EffectiveCost" if place else "BilledCost"
            # Azure writes ids in any case; all others tell them apart by it.
            commitment = row["CommitmentDiscountId"]
            commitment = commitment.lower() if commitment.startswith("/subsc") else commitment
            sums[commitment][place] += Decimal(row[column])
    found = marts.execute(
        "select commitment_id, purchased_cost, used_commitment_cost, unused_commitment_cost, "
        "balance_status from cost_ledger.commitments "
        "where provider = ? and is_commitment_discount", [name]
    ).fetchall()  # fmt: skip
    assert {row[0]: list(row[1:4]) for row in found} == sums
    assert {row[4] for row in found} == {"balanced"}
    assert all(row[1] == row[2] + row[3] for row in found) and len(found) >= 7


def test_contracts_know_what_was_applied_to_them(
    marts: duckdb.DuckDBPyConnection, data: Path
) -> None:
    """Every element of ContractApplied, but for the purchase of the commitment itself."""
    folder = data / "focus_1_2_1_3_synthetic"
    applied: dict[str, list[Decimal | None]] = defaultdict(lambda: [None, None])
    for row in rows_of(folder / SYNTHETIC["generated_aws_1_3"]):
        elements = json.loads(row["ContractApplied"] or "{}", parse_float=Decimal)
        for element in elements.get("Elements", []):
            commitment = element["ContractCommitmentId"]
            if row["ChargeCategory"] == "Purchase" and commitment == row["CommitmentDiscountId"]:
                continue
            for place, kind in enumerate(("Cost", "Quantity")):
                amount = element[f"ContractCommitmentApplied{kind}"]
                if amount is not None:
                    applied[commitment][place] = (applied[commitment][place] or 0) + Decimal(amount)
    found = marts.execute(
        "select commitment_id, applied_cost, applied_quantity, contract_commitment_cost, "
        "contract_commitment_quantity, fulfillment_share, expires_at, contract_id, remaining_cost "
        "from cost_ledger.commitments where contract_id is not null"
    ).fetchall()
    assert {row[0]: [row[1], row[2]] for row in found} == applied
    listed = {row["ContractCommitmentId"]: row for row in rows_of(folder / f"{CONTRACTS}.csv")}
    assert {row[0] for row in found} == set(listed)
    for (
        commitment,
        cost,
        quantity,
        agreed,
        agreed_quantity,
        share,
        expires,
        contract,
        left,
    ) in found:
        row = listed[commitment]
        is_usage = row["ContractCommitmentCategory"] == "Usage"
        assert agreed == Decimal(row["ContractCommitmentCost"])
        assert f"{expires:%Y-%m-%dT%H:%M:%SZ}" == row["ContractCommitmentPeriodEnd"]
        assert contract == row["ContractId"]
        assert left == (None if cost is None else agreed - cost)
        met = quantity / agreed_quantity if is_usage else cost / agreed
        assert share == pytest.approx(float(met), rel=1e-12)
    stated = json.loads((folder / "control_totals.json").read_text())[CONTRACTS]["total"]
    assert sum(row[3] for row in found) == Decimal(stated["sum_ContractCommitmentCost"])


def test_contracts_leave_as_they_came(
    marts: duckdb.DuckDBPyConnection, built: DbtSession, data: Path
) -> None:
    """FOCUS' Contract Commitment out: the agreements of a month, cell by cell."""
    came = {
        row["ContractCommitmentId"]: row
        for row in rows_of(data / "focus_1_2_1_3_synthetic" / f"{CONTRACTS}.csv")
    }
    assert came
    start = min(row["ContractCommitmentPeriodStart"] for row in came.values())
    month = date.fromisoformat(f"{start[:7]}-01")
    after = f"{month + timedelta(days=31):%Y-%m}-01"
    published = DuckDBMarts(marts, built.settings.build)
    export = read_focus(published, month, "1.3", "ContractCommitment")
    assert sorted(export.columns) == sorted(next(iter(came.values())))
    found = {row["ContractCommitmentId"]: row for row in export.rows()}
    assert set(found) == {
        name
        for name, row in came.items()
        if row["ContractCommitmentPeriodStart"] < after
        and row["ContractCommitmentPeriodEnd"] > start
    }
    for name, row in found.items():
        for column in export.columns:
            value, told = row[column], came[name][column]
            if isinstance(value, Decimal):
                assert value == Decimal(told)
            elif isinstance(value, datetime):
                assert value == datetime.fromisoformat(told).replace(tzinfo=None)
            else:
                assert (value or "") == told
    before = (month - timedelta(days=1)).replace(day=1)
    with pytest.raises(
        RefusedError, match=f"ContractCommitment in the billing period {before:%Y-%m}"
    ):
        read_focus(published, before, "1.4", "ContractCommitment")


def test_a_term_that_is_over_balances_or_is_told(marts: duckdb.DuckDBPyConnection) -> None:
    assert marts.execute(
        "select provider, currency, balance_status, purchased_cost, unamortized_cost, "
        "expires_at::date::varchar, days_to_expiry, elapsed_share from cost_ledger.commitments "
        "where commitment_id = 'plan' order by provider"
    ).fetchall() == [
        # Nothing shows when it was bought.
        ("Aura Web", "USD", "unknown", None, None, None, None, None),
        # A payment that recurs tells no end, and the first of them is not in the bills.
        ("Before", "USD", "unknown", 4, -1, None, None, None),
        ("Leaky", "USD", "unbalanced", 48, Decimal("0.01"), "2026-01-03", 0, 1.0),
        ("Over", "USD", "balanced", Decimal("48.000000000000000001"), 0, "2026-01-03", 0, 1.0),
        ("Partly", "EUR", "balanced", 30, 0, "2026-01-03", 1, 0.5),
        ("Running", "USD", "open", 90, 80, "2026-03-01", 58, 1 / 59),
    ]
    assert marts.execute(
        "select purchased_cost, upfront_cost, recurring_cost, amortized_cost, commitment_saving, "
        "total_saving from cost_ledger.commitments_monthly where provider = 'Partly'"
    ).fetchall() == [(30, 20, 10, 30, 20, 30)]


COVERAGE = (
    "select service_name, eligible_list_cost, covered_list_cost, commitment_coverage, "
    "coverage_completeness, list_saving, effective_savings_rate_list, contracted_saving, "
    "effective_savings_rate_contracted from cost_ledger.commitment_coverage_monthly "
    "where provider = ? order by service_name"
)


def test_coverage_is_of_eligible_spend(marts: duckdb.DuckDBPyConnection) -> None:
    """FOCUS' example: what is covered counts as eligible also where the bill does not say so."""
    compute, support = marts.execute(COVERAGE, ["Aura Web"]).fetchall()
    assert compute[:5] == ("Compute", 450, 250, 250 / 450, 1.0)
    assert compute[5:] == (50, 50 / 450, 30, 30 / 430)
    # Whoever tells programmes for some tells them for all: support has none.
    assert support == ("Support", 0, 0, None, 1.0, 0, None, 0, None)


def test_without_eligibility_nobody_knows_the_coverage(marts: duckdb.DuckDBPyConnection) -> None:
    ec2, rds, unknown = marts.execute(COVERAGE, ["AWS"]).fetchall()
    # Data transfer is no eligible spend.
    assert ec2 == ("AmazonEC2", 100, 0, 0.0, 1.0, 0, 0.0, 0, 0.0)
    # A missing price is no saving of 0: the other charge's, and how much of the cost that is.
    assert rds == ("AmazonRDS", 20, 0, 0.0, 0.25, 10, 0.5, 6, 6 / 46)
    assert unknown == ("Something New", None, None, None, 0.0, None, None, None, None)
    assert marts.execute(COVERAGE, ["Google"]).fetchall() == [
        ("Compute Engine", 10, None, None, 0.0, None, None, None, None)
    ]


def test_a_commitment_may_cost_more_than_it_saves(marts: duckdb.DuckDBPyConnection) -> None:
    (row,) = marts.execute(COVERAGE, ["Over"]).fetchall()
    saving = Decimal(45) - Decimal("48.000000000000000001")
    assert row[7] == saving
    assert row[8] == pytest.approx(float(Fraction(saving) / 45), rel=1e-12)
    assert marts.execute(
        "select commitment_saving, total_saving, commitment_utilization "
        "from cost_ledger.commitments_monthly where provider = 'Running'"
    ).fetchall() == [(-2, -2, 1.0)]


def test_credits_are_counted_beside_the_money(marts: duckdb.DuckDBPyConnection) -> None:
    """FOCUS' example: 100,000 tokens for 200,000 dollars, of which 615 are drawn."""
    assert marts.execute(
        "select provider, virtual_currency, currency, purchased_quantity, consumed_quantity, "
        "balance_quantity, purchased_cost, consumed_cost, balance_cost, consumed_unit_price, "
        "expires_at::date::varchar, period_start::varchar "
        "from cost_ledger.virtual_currencies_monthly"
    ).fetchall() == [
        ("ACMECORP", "Token", "USD", 100_000, 615, 99_385, 200_000, 1230, 198_770, 2.0,
         "2026-04-01", "2025-04-01"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def coverage(built: DbtSession) -> Iterator[duckdb.DuckDBPyConnection]:
    """The coverage's own SQL as a view over a table that examples fill."""
    sql = next(built.target.rglob("compiled/**/commitment_coverage_monthly.sql")).read_text()
    with duckdb.connect() as con:
        con.execute(f"attach ':memory:' as {built.settings.build.stem}")
        con.execute(f"use {built.settings.build.stem}")
        con.execute("create schema cost_ledger")
        money = "decimal(38, 18)"
        con.execute(
            "create table cost_ledger.int_eligible_usage (charge_id varchar, provider varchar, "
            "service_name varchar, currency varchar, coverage varchar, is_eligible boolean, "
            f"effective_cost {money}, contracted_cost {money}, list_cost {money}, weight {money}, "
            "charge_date date)"
        )
        con.execute(f"create view cost_ledger.coverage as {sql}")
        yield con


@settings(max_examples=200)
@given(
    covered=st.integers(1, 10**6),
    uncovered=st.integers(0, 10**6),
    discount=st.integers(0, 99),
    used=st.integers(1, 100),
)
def test_the_savings_rate_follows_from_coverage_discount_and_utilisation(
    coverage: duckdb.DuckDBPyConnection, covered: int, uncovered: int, discount: int, used: int
) -> None:
    """ESR = C x (1 - (1 - d) / u), whatever the four are."""
    paid = Fraction(covered * (100 - discount), 100)
    lost = (paid / Fraction(used, 100) - paid).limit_denominator(10**6)
    coverage.execute("delete from cost_ledger.int_eligible_usage")
    lines = [
        ("covered", covered, paid),
        ("unused", 0, lost),
        ("uncovered", uncovered, Fraction(uncovered)),
    ]
    for number, (kind, listed, effective) in enumerate(lines):
        cost = Decimal(effective.numerator) / Decimal(effective.denominator)
        coverage.execute(
            "insert into cost_ledger.int_eligible_usage values "
            "(?, 'p', 's', 'USD', ?, true, ?, ?, ?, ?, date '2026-01-01')",
            [str(number), kind, cost, listed, listed, cost],
        )
    found = coverage.execute(
        "select commitment_coverage, used_commitment_cost, unused_commitment_cost, "
        "effective_savings_rate_list, effective_savings_rate_contracted from cost_ledger.coverage"
    ).fetchall()
    (share, used_cost, unused_cost, by_list, by_contract) = found[0]
    utilisation = float(used_cost / (used_cost + unused_cost))
    assert share == pytest.approx(covered / (covered + uncovered), rel=1e-12)
    rate = share * (1 - (1 - discount / 100) / utilisation)
    assert by_list == pytest.approx(rate, rel=1e-9, abs=1e-9)
    # Nothing was negotiated here: both definitions give the same.
    assert by_contract == by_list
