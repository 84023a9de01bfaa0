"""Expected figures of the unit_economics and value_ledger layers.

A unit cost is compared by its cost and its units: the ratio of the two follows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import duckdb

from orchestration.sample.business import KINDS, outcomes, units
from orchestration.sample.checks import Check, month_is, ratio, text
from orchestration.sample.days import Span
from orchestration.sample.truth_shares import Shares

Costs = dict[tuple[str, str | None], Fraction]
"""(month, entity) → US dollars."""


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
        yield from _unit(
            f"cost_per_{unit}", entity_type, entity, month, cost[month, entity], quantity
        )


def entity_checks(shares: Shares) -> Iterator[Check]:
    """What each feature and each customer cost in AI."""
    for kind in ("feature", "customer"):
        cost: Costs = defaultdict(Fraction)
        for (day, is_ai, bearer), amount in shares.items():
            entity = getattr(bearer, kind)
            if is_ai and entity is not None:
                cost[f"{day:%Y-%m}", entity] += amount
        for (month, name), amount in sorted(cost.items(), key=str):
            yield from _unit(f"cost_per_{kind}", kind, str(name), month, amount, 1)


def usage_unit_checks(con: duckdb.DuckDBPyConnection) -> Iterator[Check]:
    """Cost per inference, per million tokens and per GPU hour, of the whole company."""
    for metric, query in _USAGE_UNITS.items():
        for month, cost, quantity in con.execute(query).fetchall():
            yield from _unit(metric, "all", "all", month, Fraction(cost), Fraction(quantity))


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
        yield from _per_outcome(month, outcome_type, sum(quantities), cost)
        where = f"outcome_type = '{outcome_type}' and {month_is('outcome_date', month)}"
        yield Check("value_ledger.value_events", where, "count(*)", text(len(quantities)))
        yield Check("value_ledger.value_events", where, "sum(quantity)", text(sum(quantities)))
    for (month, use_case), worth in sorted(value.items()):
        where = f"use_case = '{use_case}' and {month_is('period_start', month)}"
        table = "value_ledger.value_ratios"
        yield Check(table, where, "sum(value)", text(worth))
        yield Check(table, where, "round(sum(cost), 6)", text(cost[month, use_case]))
        yield Check(table, where, "round(sum(ratio), 9)", ratio(worth, cost[month, use_case]))
    for month, unvalued in sorted(cost.keys() - value.keys(), key=str):
        if unvalued is not None:
            where = f"use_case = '{unvalued}' and {month_is('period_start', month)}"
            yield Check("value_ledger.value_ratios", where, "bool_or(has_outcome_defined)", "false")
            yield Check("value_ledger.value_ratios", where, "sum(ratio)", None)


def _per_outcome(month: str, outcome_type: str, quantity: int, cost: Costs) -> Iterator[Check]:
    amount = cost[month, KINDS[outcome_type].keys[3]]
    yield from _unit(f"cost_per_{outcome_type}", "all", "all", month, amount, quantity)


def _unit(
    metric: str, entity_type: str, entity: str, month: str, cost: Fraction, quantity: int | Fraction
) -> Iterator[Check]:
    where = (
        f"metric = '{metric}' and entity_type = '{entity_type}' and entity = '{entity}'"
        f" and {month_is('period_start', month)}"
    )
    table = "unit_economics.unit_costs"
    yield Check(table, where, "round(sum(cost), 6)", text(cost))
    yield Check(table, where, "sum(units)", text(quantity))


_REQUESTS = """
    (
        select
            strftime(month, '%Y-%m') as month,
            requests - failed_requests as inferences,
            input_tokens + cached_input_tokens + output_tokens as tokens
        from request_days
        union all
        select strftime(month, '%Y-%m'), requests,
            input_tokens + cached_input_tokens + output_tokens
        from support_days
    )
"""
# Nobody counts what the company's own servers answer: their cost is in no cost per inference.
_USAGE_UNITS = {
    "cost_per_inference": f"""
        select month, cost, inferences
        from (select month, sum(inferences) as inferences from {_REQUESTS} group by month)
        inner join (
            select month, sum(cost) as cost from true_charges
            where category = 'hosted_inference' group by month
        ) using (month)
        order by month
    """,
    "cost_per_1m_tokens": f"""
        select month, cost, tokens * 0.000001::decimal(7, 6)
        from (
            select month, sum(tokens)::decimal(18, 0) as tokens from {_REQUESTS} group by month
        )
        inner join (
            select month, sum(cost) as cost from true_charges
            where category in ('hosted_inference', 'embedding_retrieval')
            group by month
        ) using (month)
        order by month
    """,
    "cost_per_gpu_hour": """
        select strftime(day, '%Y-%m') as month, sum(cost), sum(gpus * 24)
        from true_node_days group by all order by all
    """,
}
