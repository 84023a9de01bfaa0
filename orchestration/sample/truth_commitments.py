"""Expected figures of the savings plan: what it costs, what became of it, coverage and savings."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import duckdb

from orchestration.sample.checks import Check, month_is, ratio, text

_COMPUTE = "Amazon Elastic Compute Cloud"


def commitment_checks(con: duckdb.DuckDBPyConnection) -> Iterator[Check]:
    """By month and over all of them, in the daily mart, the monthly ones and the balance."""
    bought = used = unused = Decimal(0)
    months = con.execute(
        """
        select
            strftime(billing_month, '%Y-%m'),
            sum(billed_cost) filter (charge_category = 'Purchase'),
            sum(effective_cost) filter (commitment_status = 'Used'),
            sum(effective_cost) filter (commitment_status = 'Unused'),
            sum(list_cost) filter (commitment_status = 'Used')
        from cloud_lines
        where pricing_model = 'committed'
        group by all order by all
        """
    ).fetchall()
    for month, purchased, of_use, of_nobody, listed in months:
        bought, used, unused = bought + purchased, used + of_use, unused + of_nobody
        where = f"pricing_model = 'committed' and {month_is('charge_date', month)}"
        daily, monthly = "cost_ledger.pricing_models_daily", "cost_ledger.commitments_monthly"
        yield Check(daily, where, "sum(used_commitment_cost)", text(of_use))
        yield Check(daily, where, "sum(unused_commitment_cost)", text(of_nobody))
        where = month_is("period_start", month)
        for expression, value in (
            ("sum(purchased_cost)", purchased), ("sum(recurring_cost)", purchased),
            ("sum(upfront_cost)", Decimal(0)), ("sum(used_commitment_cost)", of_use),
            ("sum(unused_commitment_cost)", of_nobody),
            ("sum(amortized_cost)", of_use + of_nobody),
            ("sum(total_saving)", listed - of_use - of_nobody),
        ):  # fmt: skip
            yield Check(monthly, where, expression, text(value))
        share = "round(max(commitment_utilization), 9)"
        yield Check(monthly, where, share, ratio(of_use, of_use + of_nobody))
        yield from _coverage_checks(con, month)
    where = "is_commitment_discount"
    for expression, value in (
        ("sum(purchased_cost)", bought), ("sum(used_commitment_cost)", used),
        ("sum(unused_commitment_cost)", unused), ("sum(unamortized_cost)", bought - used - unused),
        ("count(*)", 1),
    ):  # fmt: skip
        yield Check("cost_ledger.commitments", where, expression, text(value))
    is_balanced = f"{where} and balance_status = 'balanced'"
    balanced = int(bought == used + unused)
    yield Check("cost_ledger.commitments", is_balanced, "count(*)", text(balanced))


def _coverage_checks(con: duckdb.DuckDBPyConnection, month: str) -> Iterator[Check]:
    """Of the compute service, whose instances a savings plan could cover, every one."""
    row = con.execute(
        """
        select
            sum(lines.list_cost) filter (lines.commitment_status = 'Used'),
            sum(lines.list_cost) filter (lines.commitment_status is distinct from 'Unused'),
            sum(case when lines.pricing_model = 'committed' then lines.effective_cost
                else lines.billed_cost end)
                filter (lines.commitment_status is distinct from 'Unused'),
            sum(lines.effective_cost)
        from cloud_lines as lines
        left join resources
            on lines.cloud = resources.cloud and lines.resource = resources.name
        where
            lines.charge_category = 'Usage'
            and (resources.service = $service or lines.resource = 'savings-plan-web')
            and strftime(lines.day, '%Y-%m') = $month
        """,
        {"service": _COMPUTE, "month": month},
    ).fetchone()
    assert row is not None
    covered, eligible, contracted, paid = row
    where = (
        f"provider = 'AWS' and service_name = '{_COMPUTE}' and {month_is('period_start', month)}"
    )
    for expression, value in (
        ("sum(covered_list_cost)", text(covered)),
        ("sum(eligible_list_cost)", text(eligible)),
        ("round(max(commitment_coverage), 9)", ratio(covered, eligible)),
        ("max(coverage_completeness)", text(1)),
        ("sum(list_saving)", text(eligible - paid)),
        ("round(max(effective_savings_rate_list), 9)", ratio(eligible - paid, eligible)),
        ("sum(contracted_saving)", text(contracted - paid)),
        ("round(max(effective_savings_rate_contracted), 9)",
         ratio(contracted - paid, contracted)),
    ):  # fmt: skip
        yield Check("cost_ledger.commitment_coverage_monthly", where, expression, value)
    # Nobody knows what a commitment could cover of it: no coverage of 0.
    where = f"service_name = 'Azure AI Search' and {month_is('period_start', month)}"
    yield Check("cost_ledger.commitment_coverage_monthly", where, "max(commitment_coverage)", None)
