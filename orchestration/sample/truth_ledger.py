"""Expected figures of the landing and cost_ledger layers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

import duckdb

from orchestration.sample.checks import Check, month_is, text
from orchestration.sample.days import Span
from orchestration.sample.litellm_logs import DUPLICATED_ROWS, QUARANTINED_ROWS
from orchestration.sample.reference import MIGRATION_GRANT
from orchestration.sample.truth_shares import job_days


def charge_checks(con: duckdb.DuckDBPyConnection) -> Iterator[Check]:
    """Billed and effective cost by source, month and currency; cost by category and month."""
    for source, month, currency, billed, effective, lines in con.execute(
        "select source_name, month, currency, sum(billed), sum(effective), count(*)"
        " from true_charges group by all order by all"
    ).fetchall():
        where = (
            f"source_name = '{source}' and billing_currency = '{currency}'"
            f" and {month_is('charge_date', month)}"
        )
        for expression, value in (
            ("sum(billed_cost)", billed), ("sum(effective_cost)", effective), ("count(*)", lines),
        ):  # fmt: skip
            yield Check("cost_ledger.charges", where, expression, text(value))
    for category, month, cost in con.execute(
        "select category, month, sum(cost) from true_charges group by all order by all"
    ).fetchall():
        where = f"ledger_category = '{category}' and {month_is('charge_date', month)}"
        yield Check("cost_ledger.charges", where, "sum(cost)", text(cost))
        yield Check("allocation.cost_allocations", where, "sum(cost)", text(cost))
        yield Check("allocation.costs_daily", where, "sum(cost)", text(cost))
    # The Crawl test: all AI, whoever bills it, is one line.
    for month, cost in con.execute(
        "select month, sum(cost) from true_charges where is_ai group by all order by all"
    ).fetchall():
        where = f"is_ai and {month_is('charge_date', month)}"
        yield Check("cost_ledger.charges", where, "sum(cost)", text(cost))
    for source, unknown in con.execute(
        "select source_name, count(*) from true_charges where cost is null"
        " group by all order by all"
    ).fetchall():
        where = f"source_name = '{source}' and cost is null"
        yield Check("cost_ledger.charges", where, "count(*)", text(unknown))
        yield Check("cost_ledger.charges", where, "sum(cost)", None)


TRANSFERS = {
    "data-transfer-out": ("internet_egress", "us-east-1", "internet"),
    "data-transfer-region": ("inter_region", "us-east-1", "eu-central-1"),
    "nat-gateway": ("processing", "us-east-1", "us-east-1"),
    "eu-egress": ("internet_egress", "westeurope", "internet"),
}
"""What each resource moves, from where to where."""


def transfer_checks(con: duckdb.DuckDBPyConnection) -> Iterator[Check]:
    """Bytes and cost of data transfer by way and month; a GB on a bill is 2^30 bytes."""
    for resource, month, gigabytes, billed in con.execute(
        "select resource, strftime(day, '%Y-%m'), sum(quantity), sum(billed_cost)"
        " from cloud_lines inner join resources"
        " on cloud_lines.cloud = resources.cloud and cloud_lines.resource = resources.name"
        " where resources.category = 'data_transfer' group by all order by all"
    ).fetchall():
        kind, sender, receiver = TRANSFERS[resource]
        where = (
            f"transfer_kind = '{kind}' and from_region = '{sender}' and to_region = '{receiver}'"
            f" and {month_is('charge_date', month)}"
        )
        for expression, value in (
            ("sum(bytes)", gigabytes * 2**30), ("sum(billed_cost)", billed),
        ):  # fmt: skip
            yield Check("cost_ledger.data_transfer_daily", where, expression, text(value))


def credit_checks(con: duckdb.DuckDBPyConnection) -> Iterator[Check]:
    """What the bills used of the grant, and what is left of it."""
    row = con.execute(
        "select -sum(billed_cost) from cloud_lines where charge_category = 'Credit'"
    ).fetchone()
    assert row is not None
    where = "issuer = 'AWS' and credit_id = 'migration-credit'"
    for expression, value in (("used", row[0]), ("remaining", MIGRATION_GRANT - row[0])):
        yield Check("cost_ledger.credit_balances", where, f"sum({expression})", text(value))


def version_checks(con: duckdb.DuckDBPyConnection, span: Span) -> Iterator[Check]:
    """The restated month: what each delivery said, and the difference."""
    month = f"{span.restated_month:%Y-%m}"
    row = con.execute(
        """
        select
            sum(case when charge_category = 'Usage' and pricing_model = 'on_demand'
                then list_cost else billed_cost end)
                filter (day < $day and charge_category <> 'Tax'),
            sum(billed_cost),
            count(*) filter (day < $day and charge_category <> 'Tax')
        from cloud_lines
        where cloud = 'aws' and billing_month = $month
        """,
        {"day": span.restated_day, "month": span.restated_month},
    ).fetchone()
    assert row is not None
    first, final, first_lines = row
    where = f"source_name = 'aws_payer' and period = '{month}'"
    versions = "cost_ledger.bill_versions"
    yield Check(versions, f"{where} and version = 1", "sum(billed_cost)", text(first))
    yield Check(versions, f"{where} and version = 2", "sum(billed_cost)", text(final))
    yield Check(
        versions, f"{where} and is_current", "sum(billed_cost_difference)", text(final - first)
    )
    yield Check("landing.loads", f"{where} and status = 'superseded'", "sum(row_count)",
                text(first_lines))  # fmt: skip


def landing_checks(con: duckdb.DuckDBPyConnection, scale: int) -> Iterator[Check]:
    """What the log delivered, its repeated rows included; what was unreadable is counted apart."""
    where = "source_name = 'litellm_gateway' and status = 'accepted'"
    requests = con.execute("select sum(requests) from calendar").fetchall()[0][0]
    broken = QUARANTINED_ROWS if scale == 1 else 0
    repeated = DUPLICATED_ROWS if scale == 1 else 0
    yield Check("landing.loads", where, "sum(row_count)", text(requests + repeated))
    yield Check("landing.loads", where, "sum(quarantined_rows)", text(broken))


def gpu_checks(con: duckdb.DuckDBPyConnection, seed: int, span: Span) -> Iterator[Check]:
    """Provisioned, allocated and idle GPU hours by node and month, and what they cost."""
    held: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for day, node, *_, hours in job_days(seed, span):
        held[node, f"{day:%Y-%m}"] += hours
    for node, month, provisioned, cost in con.execute(
        "select node, strftime(day, '%Y-%m') as month, sum(gpus * 24), sum(cost)"
        " from true_node_days group by all order by all"
    ).fetchall():
        hours = held[node, month]
        price = Fraction(cost) / Fraction(provisioned)
        where = f"node_id = '{node}' and {month_is('usage_date', month)}"
        for expression, value in (
            ("sum(provisioned_gpu_hours)", Fraction(provisioned)),
            ("sum(allocated_gpu_hours)", hours),
            ("sum(unallocated_gpu_hours)", Fraction(provisioned) - hours),
            ("sum(allocated_cost)", hours * price),
            ("sum(unallocated_cost)", Fraction(cost) - hours * price),
        ):
            yield Check("cost_ledger.gpu_hours", where, expression, text(value))
