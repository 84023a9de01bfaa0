"""The gate refuses what makes data unusable, warns of the rest, and names the period."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from orchestration.landing.datasets import DATASETS
from orchestration.landing.gate import SUITES, Check, judge, suite_of
from orchestration.landing.rounding import rounding_columns


def profile(period: str = "2026-10", **changed: Any) -> dict[str, Any]:
    whole = {
        "period": period,
        "row_count": 100,
        "quarantined_rows": 0,
        "quarantined_share": 0.0,
        "distinct_rows": 100,
        "previous_row_count": None,
        "hours_in_future": 0.0,
    }
    return {**whole, **changed}


def bill_line(period: str = "2026-10", **changed: Any) -> dict[str, Any]:
    whole = {
        "BilledCost": Decimal("1.250000000000000001"),
        "EffectiveCost": Decimal("1.25"),
        "BillingCurrency": "USD",
        "ChargeCategory": "Usage",
        "ChargeClass": None,
        "ChargePeriodStart": pd.Timestamp("2026-10-01"),
        "ChargePeriodEnd": pd.Timestamp("2026-10-02"),
        "ServiceName": "Compute",
        "ProviderName": "AWS",
        "ServiceProviderName": None,
        "Tags": '{"team": "search"}',
        "_period": period,
    }
    return {**whole, **changed}


def judged(
    dataset: str, profiles: list[dict[str, Any]], sample: list[dict[str, Any]], **options: Any
) -> dict[str, Check]:
    checks = judge(dataset, pd.DataFrame(profiles), pd.DataFrame(sample), **options)
    return {check.check_name: check for check in checks}


def failures(checks: dict[str, Check]) -> set[tuple[str, str]]:
    return {(name, check.severity) for name, check in checks.items() if not check.success}


def test_a_sound_bill_passes_every_check():
    checks = judged("focus_cost_and_usage", [profile()], [bill_line()] * 3)
    assert failures(checks) == set()
    assert len(checks) >= 14


def test_only_the_period_that_breaks_a_rule_is_named():
    lines = [bill_line("2026-09"), bill_line("2026-10", BillingCurrency="US dollars")]
    checks = judged("focus_cost_and_usage", [profile("2026-09"), profile("2026-10")], lines)
    found = checks["billing_currency_is_a_code"]
    assert found.severity == "refuse"
    assert found.failed_periods == ("2026-10",)
    assert found.observed == "1 of 2 sampled rows not, such as 'US dollars'"
    assert found.expected == "BillingCurrency matches ^[A-Z]{3}$"


@pytest.mark.parametrize(
    ("changed", "check", "severity"),
    [
        ({"row_count": 0, "distinct_rows": 0}, "the_delivery_holds_readable_rows", "refuse"),
        ({"quarantined_share": 0.02}, "few_rows_are_unreadable", "refuse"),
        ({"hours_in_future": 0.2}, "no_time_lies_in_the_future", "refuse"),
        ({"previous_row_count": 300}, "the_period_does_not_shrink_by_half", "warn"),
        ({"distinct_rows": 40}, "records_arrive_once", "warn"),
    ],
)
def test_a_profile_is_judged_by_period(changed, check, severity):
    profiles = [profile("2026-10-01"), profile("2026-10-02", **changed)]
    checks = judged("units", profiles, [])
    assert failures(checks) == {(check, severity)}
    assert checks[check].failed_periods == ("2026-10-02",)


def test_the_limit_of_unreadable_rows_is_a_parameter():
    profiles = [profile(quarantined_share=0.02)]
    checks = judged("units", profiles, [], parameters={"max_quarantined_share": 0.05})
    assert failures(checks) == set()
    assert checks["few_rows_are_unreadable"].expected == "quarantined_share is at most 0.05"


def test_ten_minutes_of_clock_skew_pass_and_bills_ahead_of_time_only_warn():
    assert failures(judged("units", [profile(hours_in_future=0.16)], [])) == set()
    bills = judged("focus_cost_and_usage", [profile(hours_in_future=700)], [bill_line()])
    assert failures(bills) == {("no_time_lies_in_the_future", "warn")}


@pytest.mark.parametrize(
    ("dataset", "row", "check", "severity"),
    [
        ("token_events", {"input_tokens": -1}, "input_tokens_are_not_negative", "refuse"),
        ("gpu_jobs", {"gpu_fraction": Decimal(460)}, "gpu_fraction_is_a_share", "refuse"),
        ("outcomes", {"attribution_share": Decimal(30)}, "attribution_share_is_a_share", "refuse"),
        ("outcomes", {"evidence_grade": "A+"}, "evidence_grade_is_known", "warn"),
        ("budgets", {"period": "2026-13"}, "budget_period_is_a_month", "refuse"),
        ("units", {"unit": "Daily actives"}, "unit_names_are_plain", "warn"),
        ("seats", {"period": "2026"}, "seat_period_is_a_month", "refuse"),
        ("seats", {"assigned": 5, "active": 6}, "active_seats_are_assigned_ones", "warn"),
        ("invoices", {"period": "October"}, "invoice_period_is_a_month", "refuse"),
        (
            "invoices",
            {
                "service_start": pd.Timestamp("2026-10-31"),
                "service_end": pd.Timestamp("2026-10-01"),
            },
            "service_ends_after_it_starts",
            "refuse",
        ),
        (
            "focus_billing_period",
            {"BillingPeriodStatus": "Done"},
            "billing_period_status_is_one_that_focus_knows",
            "refuse",
        ),
        (
            "focus_contract_commitment",
            {
                "ContractCommitmentPeriodStart": pd.Timestamp("2026-10-02"),
                "ContractCommitmentPeriodEnd": pd.Timestamp("2026-10-02"),
            },
            "commitments_end_after_they_start",
            "refuse",
        ),
        (
            "focus_contract_commitment",
            {"ContractCommitmentLifecycleStatus": "Done"},
            "lifecycle_status_is_one_that_focus_knows",
            "warn",
        ),
        (
            "focus_contract_commitment",
            {"ContractCommitmentCost": None, "ContractCommitmentQuantity": None},
            "commitments_are_of_money_or_of_a_quantity",
            "warn",
        ),
        (
            "focus_contract_commitment",
            {"ContractCommitmentPaymentUpfrontPercentage": Decimal(40)},
            "the_upfront_part_is_a_share",
            "warn",
        ),
        ("cost_lines", {"ledger_category": "gpu"}, "ledger_category_is_known", "warn"),
        ("prices", {"unit_price": Decimal(-1)}, "prices_are_not_negative", "refuse"),
        (
            "gpu_jobs",
            {"started_at": pd.Timestamp("2026-10-02"), "ended_at": pd.Timestamp("2026-10-01")},
            "jobs_end_after_they_start",
            "warn",
        ),
        (
            "token_events",
            {"input_tokens": 5, "cached_input_tokens": 9, "input_includes_cached": True},
            "cached_tokens_are_part_of_the_input",
            "warn",
        ),
    ],
)
def test_a_row_that_misleads_is_found(dataset, row, check, severity):
    assert (check, severity) in failures(judged(dataset, [profile()], [{**row, "_period": "p"}]))


def test_cached_tokens_beside_the_input_are_no_fault():
    row = {"input_tokens": 5, "cached_input_tokens": 9, "input_includes_cached": False}
    assert failures(judged("token_events", [profile()], [row])) == set()


def test_a_line_needs_one_of_the_two_provider_columns():
    newer = bill_line(ProviderName=None, ServiceProviderName="AWS")
    nameless = bill_line(ProviderName=None)
    name = "lines_without_provider_name_a_service_provider"
    assert judged("focus_cost_and_usage", [profile()], [newer])[name].success
    assert not judged("focus_cost_and_usage", [profile()], [nameless])[name].success


def test_nulls_and_absent_columns_are_not_judged_as_values():
    half = {"gpu_fraction": Decimal("0.5"), "_period": "p"}
    rows = [{**half, "gpu_fraction": None}, half]
    checks = judged("gpu_jobs", [{"period": "p", "row_count": 2}], rows)
    assert failures(checks) == set()
    assert "jobs_end_after_they_start" not in checks


def test_a_check_that_cannot_run_is_seen_and_refuses_nothing():
    checks = judged("gpu_jobs", [profile()], [{"gpu_fraction": "half", "_period": "p"}])
    found = checks["gpu_fraction_is_a_share"]
    assert (found.success, found.severity, found.observed) == (False, "warn", None)
    assert "could not run" in found.detail


def test_every_suite_names_a_dataset_its_columns_and_its_reasons():
    # A misspelt column would never be judged, and nobody would notice.
    known = {
        *("row_count", "quarantined_share", "hours_in_future"),
        *("share_of_previous_rows", "distinct_share"),
    }
    for file in sorted(SUITES.glob("*.json")):
        for expectation in json.loads(file.read_text())["expectations"]:
            meta, kwargs = expectation["meta"], expectation["kwargs"]
            named = {kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs}
            where = f"{file.name}: {meta['name']}"
            assert meta["severity"] in ("refuse", "warn"), where
            assert meta["why"].endswith("."), where
            if meta["on"] == "profile":
                assert named <= known, where
            else:
                dataset = DATASETS[file.stem]
                assert named <= {*dataset.columns, *rounding_columns(dataset)}, where


def test_every_dataset_is_judged():
    assert all(len(suite_of(dataset)) >= 5 for dataset in DATASETS)


def test_data_docs_open_offline_and_run_nothing(tmp_path: Path):
    evil = "<script>alert(1)</script>${x}"
    lines = [bill_line(Tags=evil, ServiceName=None, ProviderName="'; drop table x")]
    judged("focus_cost_and_usage", [profile()], lines, docs_dir=tmp_path, source="aws_payer")
    page, index = ((tmp_path / name).read_text() for name in ("aws_payer.html", "index.html"))
    assert "aws_payer.html" in index
    for text in (page, index):
        assert "<script" not in text.lower()
        assert "http://" not in text.replace("http://www.w3.org", "")
        assert "https://" not in text
    assert "&lt;script&gt;alert(1)" in page
    assert "currency" in page.lower()
