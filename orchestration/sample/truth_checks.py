"""The expected figures: one check is one SQL expression over one published table, and its value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb

from orchestration.sample.business import outcomes, units
from orchestration.sample.company import COST_CENTERS
from orchestration.sample.days import Span
from orchestration.sample.litellm_logs import DUPLICATED_ROWS, QUARANTINED_ROWS
from orchestration.sample.reference import budget
from orchestration.sample.truth_shares import UNALLOCATED, Shares, job_days, rounded


@dataclass(frozen=True)
class Check:
    """`select <expression> from <table> where <where>` must give `value`, as text; None is null."""

    table: str
    where: str
    expression: str
    value: str | None


def text(value: Any) -> str | None:
    """A figure as plain text: exact, without an exponent or trailing zeros."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Fraction):
        value = rounded(value)
    number = Decimal(value)
    plain = f"{number:f}"
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0"


def month_is(column: str, month: str) -> str:
    """A condition on a month such as 2026-09, for a date column."""
    return f"strftime({column}, '%Y-%m') = '{month}'"


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
    for source, unknown in con.execute(
        "select source_name, count(*) from true_charges where cost is null"
        " group by all order by all"
    ).fetchall():
        where = f"source_name = '{source}' and cost is null"
        yield Check("cost_ledger.charges", where, "count(*)", text(unknown))
        yield Check("cost_ledger.charges", where, "sum(cost)", None)


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


def token_checks(con: duckdb.DuckDBPyConnection) -> Iterator[Check]:
    """Requests and disjoint token classes by month and model; their list price."""
    for query in (_GATEWAY_TOKENS, _SUPPORT_TOKENS):
        cursor = con.execute(query)
        columns = [column[0] for column in cursor.description or []]
        for row in cursor.fetchall():
            source, month, model = row[:3]
            where = (
                f"source_name = '{source}' and model = '{model}'"
                f" and {month_is('usage_date', month)}"
            )
            for column, value in zip(columns[3:], row[3:], strict=True):
                yield Check("cost_ledger.token_usage_daily", where, f"sum({column})", text(value))


_GATEWAY_TOKENS = """
    select
        'litellm_gateway' as source_name,
        strftime(used.month, '%Y-%m') as month,
        used.model,
        sum(used.requests) as requests,
        sum(used.failed_requests) as failed_requests,
        sum(used.retried_requests) as retried_requests,
        sum(used.input_tokens) as input_uncached_tokens,
        sum(used.cached_input_tokens) as input_cache_read_tokens,
        sum(used.output_tokens - used.reasoning_tokens) as output_visible_tokens,
        sum(used.reasoning_tokens) as output_reasoning_tokens,
        sum(used.input_tokens + used.cached_input_tokens + used.output_tokens) as total_tokens,
        sum(case when prices.model is null
            then used.input_tokens + used.cached_input_tokens + used.output_tokens else 0 end)
            as unpriced_tokens,
        (sum(used.input_tokens * prices.input_price
            + used.cached_input_tokens * prices.cached_price
            + used.output_tokens * prices.output_price)::decimal(30, 4)
            * 0.000001::decimal(7, 6))::decimal(38, 10) as rated_cost
    from request_days as used
    left join (
        select
            model, valid_from, valid_to,
            max(price) filter (token_class = 'input') as input_price,
            max(price) filter (token_class = 'cached_input') as cached_price,
            max(price) filter (token_class = 'output') as output_price
        from vendor_prices
        group by all
    ) as prices
        on used.model = prices.model
        and used.day >= prices.valid_from and used.day < prices.valid_to
    group by used.month, used.model
    order by used.month, used.model
"""

_SUPPORT_TOKENS = """
    select
        'support_bot' as source_name,
        strftime(month, '%Y-%m') as month,
        model,
        sum(requests) as requests,
        sum(input_tokens) as input_uncached_tokens,
        sum(cached_input_tokens) as input_cache_read_tokens,
        sum(output_tokens) as output_visible_tokens,
        sum(case when cost is null
            then input_tokens + cached_input_tokens + output_tokens else 0 end)
            as unpriced_tokens,
        sum(cost) as rated_cost
    from support_days
    group by month, model
    order by month, model
"""


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


def coverage_checks(con: duckdb.DuckDBPyConnection) -> Iterator[Check]:
    """AI cost that carries a known team and an environment, of all AI cost that could."""
    for month, taggable, team, both in con.execute(
        "select month, sum(cost), sum(cost) filter (team is not null),"
        " sum(cost) filter (team is not null and environment is not null)"
        " from true_charges where is_ai and charge_category in ('Usage', 'Purchase')"
        " group by all order by all"
    ).fetchall():
        table = "allocation.tag_coverage_daily"
        for tag_key, tagged in (("team", team), ("all_required", both)):
            where = f"tag_key = '{tag_key}' and {month_is('charge_date', month)}"
            yield Check(table, where, "sum(taggable_cost)", text(taggable))
            yield Check(table, where, "sum(tagged_cost)", text(tagged))


def allocation_checks(shares: Shares) -> Iterator[Check]:
    """Cost by method and by cost centre; direct and unallocated cost among them."""
    by_method: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    by_center: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for (day, _, bearer), cost in shares.items():
        by_method[f"{day:%Y-%m}", bearer.method] += cost
        by_center[f"{day:%Y-%m}", bearer.cost_center] += cost
    for (month, method), cost in sorted(by_method.items()):
        where = f"method_id = '{method}' and {month_is('charge_date', month)}"
        yield Check("allocation.cost_allocations", where, "round(sum(cost), 6)", text(cost))
    for (month, center), cost in sorted(by_center.items()):
        where = f"cost_center = '{center}' and {month_is('charge_date', month)}"
        yield Check("allocation.costs_daily", where, "round(sum(cost), 6)", text(cost))


def unit_checks(shares: Shares, seed: int, span: Span) -> Iterator[Check]:
    """Cost per active user of each product, and per decision: cost and units, not their ratio."""
    cost: dict[tuple[str, str | None], Fraction] = defaultdict(Fraction)
    for (day, _, bearer), amount in shares.items():
        cost[f"{day:%Y-%m}", bearer.product] += amount
        cost[f"{day:%Y-%m}", "all"] += amount
    count: dict[tuple[str, str, str], int] = defaultdict(int)
    for line in units(seed, span):
        count[line.unit, f"{line.day:%Y-%m}", line.entity or "all"] += line.quantity
    for (unit, month, entity), quantity in sorted(count.items()):
        entity_type = "all" if entity == "all" else "product"
        where = (
            f"metric = 'cost_per_{unit}' and entity_type = '{entity_type}'"
            f" and entity = '{entity}' and {month_is('period_start', month)}"
        )
        table = "unit_economics.unit_costs"
        yield Check(table, where, "round(sum(cost), 6)", text(cost[month, entity]))
        yield Check(table, where, "sum(units)", text(quantity))


def value_checks(shares: Shares, seed: int, span: Span) -> Iterator[Check]:
    """What the outcomes of each use case were worth, and what its AI cost."""
    cost: dict[tuple[str, str | None], Fraction] = defaultdict(Fraction)
    for (day, is_ai, bearer), amount in shares.items():
        if is_ai:
            cost[f"{day:%Y-%m}", bearer.use_case] += amount
    value: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    events: dict[tuple[str, str], list[int]] = defaultdict(list)
    for event in outcomes(seed, span):
        month = f"{event.occurred_at:%Y-%m}"
        value[month, event.use_case] += event.value
        events[month, event.outcome_type].append(event.quantity if event.succeeded else 0)
    for (month, outcome_type), quantities in sorted(events.items()):
        where = f"outcome_type = '{outcome_type}' and {month_is('outcome_date', month)}"
        yield Check("value_ledger.value_events", where, "count(*)", text(len(quantities)))
        yield Check("value_ledger.value_events", where, "sum(quantity)", text(sum(quantities)))
    for (month, use_case), worth in sorted(value.items()):
        where = f"use_case = '{use_case}' and {month_is('period_start', month)}"
        table = "value_ledger.value_ratios"
        yield Check(table, where, "sum(value)", text(worth))
        yield Check(table, where, "round(sum(cost), 6)", text(cost[month, use_case]))


def planning_checks(shares: Shares, span: Span) -> Iterator[Check]:
    """Budgets against what was spent; forecasts exist."""
    spent: dict[tuple[date, str], Fraction] = defaultdict(Fraction)
    for (day, _, bearer), amount in shares.items():
        if bearer.cost_center != UNALLOCATED:
            spent[day.replace(day=1), bearer.cost_center] += amount
    for month in span.months:
        for center in COST_CENTERS:
            allowed = budget(month, span, center)
            where = (
                f"budget_scope = 'cost_center={center}'"
                f" and {month_is('period_start', f'{month:%Y-%m}')}"
            )
            table = "planning.budgets_status"
            actual = spent[month, center]
            yield Check(table, where, "sum(budget)", text(allowed))
            yield Check(table, where, "round(sum(actual), 6)", text(actual))
            yield Check(table, where, "bool_or(status = 'breached')", text(actual > allowed))
    yield Check("planning.forecasts", "is_current", "count(*) > 0", "true")
