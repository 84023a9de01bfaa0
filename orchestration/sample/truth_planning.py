"""Expected figures of the planning layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from orchestration.sample.checks import Check, month_is, text
from orchestration.sample.company import COST_CENTERS
from orchestration.sample.days import Span
from orchestration.sample.reference import budget
from orchestration.sample.truth_shares import UNALLOCATED, Shares


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
