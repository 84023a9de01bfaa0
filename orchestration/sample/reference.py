"""What the company's people decided: the reference files that replace the shipped seeds."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from orchestration.sample.company import COST_CENTERS, TEAMS
from orchestration.sample.days import Span, month_after
from orchestration.sample.resources import AWS_ACCOUNTS, AZURE_ACCOUNTS

_EUR_IN_USD = ("1.08", "1.09", "1.07", "1.10", "1.11", "1.09")
"""The rate of the first, second … month of the sample, again from the start when it is longer."""

BUDGETS_A_DAY = {
    "discovery": 490,
    "customer_care": 385,
    "commerce": 300,
    "engineering": 70,
}
"""US dollars; customer care spends more than this in the last two months."""

MIGRATION_GRANT = 5000
"""US dollars that the first cloud granted; its bills use it up month by month."""

_HOUSE = "Fernhollow cost council, June 2026"

Rows = Iterable[Sequence[object]]


def euro_rate(span: Span, month: date) -> str:
    """US dollars for one euro, from the first day of a month on."""
    return _EUR_IN_USD[span.months.index(month) % len(_EUR_IN_USD)]


def budget(month: date, span: Span, cost_center: str) -> int:
    """The month's budget in US dollars: for its days that the sample has."""
    days = sum(1 for day in span.days if day.replace(day=1) == month)
    return BUDGETS_A_DAY[cost_center] * days


def write_reference_files(folder: Path, span: Span) -> list[str]:
    """Write `config/*.csv`, named as the seeds they replace; give their names."""
    tables: dict[str, tuple[str, Rows]] = {
        "teams": (
            "team,cost_center,owner,valid_from,valid_to",
            [(team, center, f"lead.{team}", "2020-01-01", "") for team, center in TEAMS.items()],
        ),
        "cost_centers": (
            "cost_center,name,owner",
            [(center, *named) for center, named in COST_CENTERS.items()],
        ),
        "exchange_rates": (
            "rate_date,from_currency,to_currency,rate",
            [(month, "EUR", "USD", euro_rate(span, month)) for month in span.months],
        ),
        "allocation_rules": (
            "rule_id,priority,method,source_name,service_pattern,ledger_category,sub_account_id,"
            "resource_pattern,target_key,target_value,weight,valid_from,valid_to",
            list(_allocation_rules()),
        ),
        "kpi_thresholds": (
            "kpi,scope,direction,warn_at,block_at,owner,threshold_source,valid_from,valid_to",
            [
                ("tag_coverage", "total", "at_least", "0.75", "0.65", "r.quade", _HOUSE, "", ""),
                ("forecast_accuracy", "total", "at_least", "0.80", "0.65", "r.quade", _HOUSE,
                 "", ""),
                ("unpriced_share", "total", "at_most", "0.05", "", "lead.platform", _HOUSE,
                 "", ""),
                ("category_unknown_cost", "total", "at_most", "0.05", "", "r.quade", _HOUSE,
                 "", ""),
                ("budget_breach_probability", "total", "at_most", "0.50", "", "r.quade", _HOUSE,
                 "", ""),
            ],
        ),
        "credit_grants": (
            "issuer,credit_id,amount,currency,valid_from,valid_to",
            [("AWS", "migration-credit", MIGRATION_GRANT, "USD", "2020-01-01", "2027-12-31")],
        ),
        "account_owners": (
            "source_name,sub_account_id,cost_center,team,product,feature,use_case,customer,"
            "environment,workload",
            [("azure_eu", AZURE_ACCOUNTS["fernhollow-eu-lab"], "", "care", "helper", "", "",
              "", "lab", "")],
        ),
    }  # fmt: skip
    for name, (header, rows) in tables.items():
        _write(folder / "config" / f"{name}.csv", header, rows)
    return list(tables)


def write_budgets(folder: Path, span: Span) -> None:
    """Write `budgets/budgets.csv`: months of the sample and the one after it, by cost centre."""
    rows = [
        (f"{month:%Y-%m}", center, budget(month, span, center), "USD")
        for month in span.months
        for center in COST_CENTERS
    ]
    following = month_after(span.months[-1])
    rows += [
        (f"{following:%Y-%m}", center, 30 * a_day, "USD") for center, a_day in BUDGETS_A_DAY.items()
    ]
    _write(folder / "budgets" / "budgets.csv", "month,cost_center,amount,currency", rows)


def _allocation_rules() -> Iterable[Sequence[object]]:
    """The shared account: clusters in equal parts, support as agreed, the rest by caused cost."""
    account = AWS_ACCOUNTS["shared-platform"]

    def line(
        rule: str, priority: int, method: str, service: str, target: str, weight: object
    ) -> Sequence[object]:
        return (
            rule, priority, method, "aws_payer", service, "", account, "", "cost_center", target,
            weight, "2020-01-01", "",
        )  # fmt: skip

    for center in ("discovery", "customer_care", "commerce"):
        yield line("clusters_evenly", 10, "even", "amazon elastic kubernetes service", center, "")
        yield (
            "vector_minimum_evenly", 15, "even", "vector_store", "", "", "", "", "cost_center",
            center, "", "2020-01-01", "",
        )  # fmt: skip
    for center, weight in (("discovery", 5), ("customer_care", 3), ("engineering", 2)):
        yield line("support_as_agreed", 20, "fixed", "aws support%", center, weight)
    yield line("platform_by_cost", 90, "proportional", "", "", "")


def _write(target: Path, header: str, rows: Rows) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)
