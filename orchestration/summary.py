"""What a run did and what the marts say now, as plain figures; printing them is the caller's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import duckdb

from orchestration.publishing.log import last_publish

if TYPE_CHECKING:
    from orchestration.build.state import BuildState
    from orchestration.landing.land import LandResult
    from orchestration.settings import Settings

Outcome = Literal["published", "nothing new"]


@dataclass(frozen=True)
class CategoryMonth:
    """Cost of one ledger category in one month, reporting currency; None where nothing is known.

    `unknown` counts allocations without a known cost.
    """

    month: date
    ledger_category: str
    cost: Decimal | None
    unallocated_cost: Decimal | None
    unknown: int


@dataclass(frozen=True)
class Coverage:
    """Tag coverage of one key over the last 30 days with charges, as a share of cost."""

    tag_key: str
    taggable_cost: Decimal
    tagged_cost: Decimal
    coverage: float | None


@dataclass(frozen=True)
class UnitCost:
    """A unit cost of the whole company in its newest month; completeness is a share."""

    metric: str
    month: date
    cost: Decimal | None
    units: Decimal | None
    unit_cost: float | None
    completeness: float | None


@dataclass(frozen=True)
class ValueRatio:
    """Value over cost of one use case in its newest month."""

    use_case: str
    month: date
    cost: Decimal | None
    value: Decimal | None
    ratio: float | None
    evidence_grade: str | None


@dataclass(frozen=True)
class MonthForecast:
    """The newest forecast of the total, by month: days forecast, and the sum of their medians."""

    month: date
    vintage: date
    days: int
    p50: Decimal


@dataclass(frozen=True)
class Budget:
    """A budget in the newest month with cost, or a later one; None where nothing is known."""

    scope: str
    month: date
    status: str
    budget: Decimal | None
    actual: Decimal | None
    forecast_p50: Decimal | None
    forecast_p80: Decimal | None
    breach_probability: float | None


@dataclass(frozen=True)
class Kpi:
    """A KPI in one scope, in the period that is guarded, against its threshold if it has one.

    `level` is ok, warn, block or None (no threshold); `completeness` is a share.
    """

    kpi: str
    scope: str
    month: date
    value: float | None
    threshold: float | None
    level: str | None
    completeness: float | None
    owner: str | None


@dataclass(frozen=True)
class Unpriced:
    """Tokens of a model that the price book does not know."""

    provider: str | None
    model: str | None
    tokens: int


@dataclass(frozen=True)
class RunSummary:
    """One run, and the marts after it.

    Attributes:
        outcome: "published", or "nothing new" when the published marts were up to date.
        file: marts.duckdb.
        landed: what landing each source did.
        quarantined: source → rows that could not be read, of what stands.
        without_rate: charges whose cost is unknown for want of an exchange rate, by currency.
        warnings: what tests warned of, in words.
        skipped_forecasts: series → why it has no forecast.
        next_steps: where to look next, as commands.
    """

    outcome: Outcome
    file: Path
    currency: str
    publish_id: str | None = None
    published_at: datetime | None = None
    tables: int = 0
    rows: int = 0
    landed: Sequence[LandResult] = ()
    categories: Sequence[CategoryMonth] = ()
    coverage: Sequence[Coverage] = ()
    unit_costs: Sequence[UnitCost] = ()
    value_ratios: Sequence[ValueRatio] = ()
    forecast: Sequence[MonthForecast] = ()
    budgets: Sequence[Budget] = ()
    kpis: Sequence[Kpi] = ()
    quarantined: Mapping[str, int] = field(default_factory=dict)
    unpriced: Sequence[Unpriced] = ()
    without_rate: Mapping[str, int] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    skipped_forecasts: Mapping[str, str] = field(default_factory=dict)
    next_steps: Sequence[str] = ()


def summarize(
    settings: Settings,
    outcome: Outcome,
    landed: Sequence[LandResult] = (),
    state: BuildState | None = None,
) -> RunSummary:
    """The summary of a run, read from the published marts."""
    file = settings.publish / "marts.duckdb"
    last = last_publish(file)
    with duckdb.connect(str(file), read_only=True) as con:
        marts = _Marts(con)
        return RunSummary(
            outcome=outcome,
            file=file,
            currency=settings.warehouse.reporting_currency,
            publish_id=last.publish_id if last else None,
            published_at=last.published_at if last else None,
            tables=last.table_count if last else 0,
            rows=last.row_count if last else 0,
            landed=tuple(landed),
            categories=marts.rows(CategoryMonth, CATEGORIES, "allocation.costs_daily"),
            coverage=marts.rows(Coverage, COVERAGE, "allocation.tag_coverage_daily"),
            unit_costs=marts.rows(UnitCost, UNIT_COSTS, "unit_economics.unit_costs"),
            value_ratios=marts.rows(ValueRatio, VALUE_RATIOS, "value_ledger.value_ratios"),
            forecast=marts.rows(MonthForecast, FORECAST, "planning.forecasts"),
            budgets=marts.rows(Budget, BUDGETS, "planning.budgets_status"),
            kpis=marts.rows(Kpi, KPIS, "governance.kpi_values"),
            quarantined=marts.pairs(QUARANTINED, "landing.loads"),
            unpriced=marts.rows(Unpriced, UNPRICED, "cost_ledger.token_usage_daily"),
            without_rate=marts.pairs(WITHOUT_RATE, "cost_ledger.charges"),
            warnings=state.warnings if state else (),
            skipped_forecasts=(state.skipped_forecasts or {}) if state else {},
            next_steps=_next_steps(settings),
        )


def _next_steps(settings: Settings) -> tuple[str, ...]:
    option = f"--settings {settings.file}"
    return (
        f'twinledger query "select * from allocation.costs_daily limit 10" {option}',
        f"twinledger status {option}",
        f"the marts for BI tools: {settings.publish / 'marts.duckdb'}",
    )


T = TypeVar("T")


class _Marts:
    """Queries of the published file; a table that a version does not have gives no rows."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.tables = {
            f"{schema}.{table}"
            for schema, table in con.execute(
                "select table_schema, table_name from information_schema.tables"
            ).fetchall()
        }

    def rows(self, kind: type[T], sql: str, table: str) -> tuple[T, ...]:
        return tuple(kind(*row) for row in self._fetch(sql, table))

    def pairs(self, sql: str, table: str) -> dict[str, int]:
        return dict(self._fetch(sql, table))

    def _fetch(self, sql: str, table: str) -> list[Any]:
        return self.con.execute(sql).fetchall() if table in self.tables else []


CATEGORIES = """
    select
        date_trunc('month', charge_date)::date as month,
        ledger_category,
        sum(cost),
        sum(cost) filter (where cost_center = 'unallocated'),
        sum(unknown_cost_allocations)::bigint
    from allocation.costs_daily
    group by month, ledger_category
    order by month desc, sum(cost) desc nulls last, ledger_category
"""

COVERAGE = """
    select tag_key, sum(taggable_cost), sum(tagged_cost), sum(tagged_cost) / sum(taggable_cost)
    from allocation.tag_coverage_daily
    where charge_date > (select max(charge_date) from allocation.tag_coverage_daily) - 30
    group by tag_key
    having sum(taggable_cost) is not null
    order by tag_key = 'all_required' desc, tag_key
"""

UNIT_COSTS = """
    select metric, period_start, cost, units, unit_cost, completeness
    from unit_economics.unit_costs
    where entity_type = 'all' and unit_cost is not null
    qualify row_number() over (partition by metric order by period_start desc) = 1
    order by metric
"""

VALUE_RATIOS = """
    select use_case, period_start, cost, value, ratio, evidence_grade
    from value_ledger.value_ratios
    where ratio is not null
    qualify row_number() over (partition by use_case order by period_start desc) = 1
    order by ratio desc, use_case
"""

FORECAST = """
    select date_trunc('month', target_date)::date as month, vintage, count(*), sum(p50)
    from planning.forecasts
    where series = 'total' and is_current
    group by month, vintage
    order by month
"""

BUDGETS = """
    select budget_scope, period_start, status, budget, actual, forecast_p50, forecast_p80,
        breach_probability
    from planning.budgets_status
    where period_start >= (select date_trunc('month', max(charge_date)) from allocation.costs_daily)
    order by period_start, budget desc nulls last, budget_scope
"""

KPIS = """
    select kpi, scope, period_start, value, threshold, level, completeness, owner
    from governance.kpi_values
    where is_guarded
    order by level is null, kpi, scope = 'total' desc, scope
"""

QUARANTINED = """
    select source_name, sum(quarantined_rows)::bigint as quarantined
    from landing.loads
    where status = 'accepted'
    group by source_name
    having quarantined > 0
    order by source_name
"""

UNPRICED = """
    select provider, model, sum(unpriced_tokens)::bigint as unpriced
    from cost_ledger.token_usage_daily
    group by provider, model
    having unpriced > 0
    order by unpriced desc, provider, model
"""

WITHOUT_RATE = """
    select billing_currency, count(*)
    from cost_ledger.charges
    where not has_exchange_rate and billing_currency is not null
    group by billing_currency
    order by billing_currency
"""


def as_json(summary: RunSummary) -> str:
    """The summary for scripts: money as exact text."""
    from dataclasses import asdict

    return json.dumps(asdict(summary), default=str, indent=1)
