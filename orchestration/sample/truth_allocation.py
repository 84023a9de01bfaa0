"""Expected figures of the allocation layer, and of the KPIs over it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

import duckdb

from orchestration.sample.checks import Check, month_is, ratio, text
from orchestration.sample.truth_shares import UNALLOCATED, Shares


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
        yield _kpi("tag_coverage", month, ratio(both, taggable))


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


def kpi_checks(con: duckdb.DuckDBPyConnection, shares: Shares) -> Iterator[Check]:
    """The share of AI cost that somebody bears, of traffic, and of tokens without a price.

    Every line of the company is of a kind that some rule knows.
    """
    total: dict[str, Fraction] = defaultdict(Fraction)
    borne: dict[str, Fraction] = defaultdict(Fraction)
    for (day, is_ai, bearer), cost in shares.items():
        if is_ai:
            total[f"{day:%Y-%m}"] += cost
            borne[f"{day:%Y-%m}"] += cost if bearer.cost_center != UNALLOCATED else 0
    for month, cost in sorted(total.items()):
        yield _kpi("allocated_share", month, ratio(borne[month], cost))
    for month, unpriced, tokens in con.execute(_UNPRICED).fetchall():
        yield _kpi("unpriced_share", month, ratio(unpriced, tokens))
    for month, transferred, cost in con.execute(
        "select month, sum(abs(cost)) filter (category = 'data_transfer'), sum(abs(cost))"
        " from true_charges group by month order by month"
    ).fetchall():
        yield _kpi("data_transfer_share", month, ratio(transferred, cost))
        yield _kpi("category_unknown_cost", month, "0")
    yield Check("governance.data_quality_results", "true", "count(*) > 0", "true")


def _kpi(kpi: str, month: str, value: str | None) -> Check:
    where = f"kpi = '{kpi}' and scope = 'total' and {month_is('period_start', month)}"
    return Check("governance.kpi_values", where, "round(sum(value), 9)", value)


_UNPRICED = """
    select strftime(month, '%Y-%m') as month, sum(case when is_priced then 0 else tokens end),
        sum(tokens)
    from (
        select
            month,
            model in (select model from vendor_prices) as is_priced,
            input_tokens + cached_input_tokens + output_tokens as tokens
        from request_days
        union all
        select month, cost is not null, input_tokens + cached_input_tokens + output_tokens
        from support_days
    )
    group by all
    order by all
"""
