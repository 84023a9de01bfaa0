"""What a run did and what the marts say now, as plain figures; printing them is the caller's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeVar

from orchestration.warehouse import warehouse
from orchestration.warehouse.portable import month_start, tables_in

if TYPE_CHECKING:
    from orchestration.build.state import BuildState
    from orchestration.landing.land import LandResult
    from orchestration.settings import Settings
    from orchestration.warehouse import Marts
    from orchestration.warehouse.marts import Row

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
class BillComparison:
    """A bill's token money beside the rated usage: what is equal, and what has a known cause.

    `explained` holds what is equal, and differences whose cause fits to the bill's last decimal.
    """

    bill_source_name: str
    currency: str
    billed: Decimal | None
    equal: Decimal | None
    explained: Decimal | None


@dataclass(frozen=True)
class Adjustments:
    """What later deliveries changed of a closed month, and the month in which it is booked."""

    source_name: str
    closed_month: date
    booked_in: date
    currency: str
    charges: int
    billed: Decimal | None


@dataclass(frozen=True)
class RunSummary:
    """One run, and the marts after it.

    Attributes:
        outcome: "published", or "nothing new" when the published marts were up to date.
        place: where the marts are, in words.
        landed: what landing each source did.
        reconciled: status → bills of an issuer, month and currency that add up to their invoices
            (matched), or of which something is not known (unknown).
        quarantined: source → rows that could not be read, of what stands.
        without_rate: charges whose cost is unknown for want of an exchange rate, by currency.
        warnings: what tests warned of, in words.
        skipped_forecasts: series → why it has no forecast.
        next_steps: where to look next, as commands.
        prefix: what stands before a layer's name where the marts are.
    """

    outcome: Outcome
    place: str
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
    bills: Sequence[BillComparison] = ()
    adjustments: Sequence[Adjustments] = ()
    reconciled: Mapping[str, int] = field(default_factory=dict)
    quarantined: Mapping[str, int] = field(default_factory=dict)
    unpriced: Sequence[Unpriced] = ()
    without_rate: Mapping[str, int] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    skipped_forecasts: Mapping[str, str] = field(default_factory=dict)
    next_steps: Sequence[str] = ()
    prefix: str = ""


def summarize(
    settings: Settings,
    outcome: Outcome,
    landed: Sequence[LandResult] = (),
    state: BuildState | None = None,
) -> RunSummary:
    """The summary of a run, read from the published marts."""
    engine = warehouse(settings)
    last = engine.last_publish()
    with engine.marts() as marts:
        figures = _Figures(marts)
        return RunSummary(
            outcome=outcome,
            place=marts.place,
            prefix=marts.prefix,
            currency=settings.warehouse.reporting_currency,
            publish_id=last.publish_id if last else None,
            published_at=last.published_at if last else None,
            tables=last.table_count if last else 0,
            rows=last.row_count if last else 0,
            landed=tuple(landed),
            categories=figures.of(CategoryMonth, CATEGORIES),
            coverage=figures.of(Coverage, COVERAGE),
            unit_costs=figures.of(UnitCost, UNIT_COSTS),
            value_ratios=figures.of(ValueRatio, VALUE_RATIOS),
            forecast=figures.of(MonthForecast, FORECAST),
            budgets=figures.of(Budget, BUDGETS),
            kpis=figures.of(Kpi, KPIS),
            bills=figures.of(BillComparison, BILLS),
            adjustments=figures.of(Adjustments, ADJUSTMENTS),
            reconciled=figures.pairs(RECONCILED),
            quarantined=figures.pairs(QUARANTINED),
            unpriced=figures.of(Unpriced, UNPRICED),
            without_rate=figures.pairs(WITHOUT_RATE),
            warnings=state.warnings if state else (),
            skipped_forecasts=(state.skipped_forecasts or {}) if state else {},
            next_steps=_next_steps(settings, marts),
        )


def _next_steps(settings: Settings, marts: Marts) -> tuple[str, ...]:
    option = f"--settings {settings.file}"
    return (
        f'twinledger query "select * from {marts.prefix}allocation.costs_daily limit 10" {option}',
        f"twinledger status {option}",
        f"the marts for BI tools: {marts.place}",
    )


T = TypeVar("T")


class _Figures:
    """Queries of the marts; a table that a version does not have gives no rows."""

    def __init__(self, marts: Marts) -> None:
        self.marts = marts
        self.tables = set(marts.tables())

    def of(self, kind: type[T], sql: str) -> tuple[T, ...]:
        return tuple(kind(*row) for row in self._fetch(sql))

    def pairs(self, sql: str) -> dict[str, int]:
        return dict(self._fetch(sql))

    def _fetch(self, sql: str) -> list[Row]:
        return self.marts.rows(sql) if tables_in(sql) <= self.tables else []


CATEGORIES = f"""
    select
        {month_start("charge_date")} as month,
        ledger_category,
        sum(cost),
        sum(case when cost_center = 'unallocated' then cost end),
        cast(sum(unknown_cost_allocations) as bigint)
    from {{allocation.costs_daily}}
    group by 1, 2
    order by 1 desc, 3 desc nulls last, 2
"""

COVERAGE = """
    select
        tag_key,
        sum(taggable_cost),
        sum(tagged_cost),
        1e0 * sum(tagged_cost) / nullif(sum(taggable_cost), 0)
    from {allocation.tag_coverage_daily}
    where charge_date > (select max(charge_date) - 30 from {allocation.tag_coverage_daily})
    group by tag_key
    having sum(taggable_cost) is not null
    order by tag_key = 'all_required' desc, tag_key
"""

UNIT_COSTS = """
    select metric, period_start, cost, units, unit_cost, completeness
    from {unit_economics.unit_costs}
    where entity_type = 'all' and unit_cost is not null
    qualify row_number() over (partition by metric order by period_start desc) = 1
    order by metric
"""

VALUE_RATIOS = """
    select use_case, period_start, cost, value, ratio, evidence_grade
    from {value_ledger.value_ratios}
    where ratio is not null
    qualify row_number() over (partition by use_case order by period_start desc) = 1
    order by ratio desc, use_case
"""

FORECAST = f"""
    select {month_start("target_date")} as month, vintage, count(*), sum(p50)
    from {{planning.forecasts}}
    where series = 'total' and is_current
    group by 1, 2
    order by 1, 2
"""

BUDGETS = f"""
    select budget_scope, period_start, status, budget, actual, forecast_p50, forecast_p80,
        breach_probability
    from {{planning.budgets_status}}
    where period_start >= (select {month_start("max(charge_date)")} from {{allocation.costs_daily}})
    order by period_start, budget desc nulls last, budget_scope
"""

KPIS = """
    select kpi, scope, period_start, value, threshold, level, completeness, owner
    from {governance.kpi_values}
    where is_guarded
    order by level is null, kpi, scope = 'total' desc, scope
"""

BILLS = """
    select
        bill_source_name,
        currency,
        sum(abs(billed_cost)),
        sum(case when cause = 'none' then abs(billed_cost) end),
        sum(case
            when cause not in ('sampling', 'unpriced', 'unbilled', 'unmatched')
                then abs(billed_cost)
        end)
    from {cost_ledger.rated_vs_billed}
    group by bill_source_name, currency
    having sum(abs(billed_cost)) > 0
    order by 3 desc, 1, 2
"""

ADJUSTMENTS = """
    select source_name, adjusts_period, charge_date, billing_currency, count(*), sum(billed_cost)
    from {cost_ledger.charges}
    where adjusts_period is not null
    group by source_name, adjusts_period, charge_date, billing_currency
    order by charge_date desc, adjusts_period desc, source_name, billing_currency
"""

RECONCILED = """
    select status, count(*)
    from {cost_ledger.bill_reconciliation}
    where step = 'billed' and amount is not null
    group by status
    order by status
"""

QUARANTINED = """
    select source_name, cast(sum(quarantined_rows) as bigint)
    from {landing.loads}
    where status = 'accepted'
    group by source_name
    having sum(quarantined_rows) > 0
    order by source_name
"""

UNPRICED = """
    select provider, model, cast(sum(unpriced_tokens) as bigint)
    from {cost_ledger.token_usage_daily}
    group by provider, model
    having sum(unpriced_tokens) > 0
    order by 3 desc, provider nulls last, model nulls last
"""

WITHOUT_RATE = """
    select billing_currency, count(*)
    from {cost_ledger.charges}
    where not has_exchange_rate and billing_currency is not null
    group by billing_currency
    order by billing_currency
"""


def as_json(summary: RunSummary) -> str:
    """The summary for scripts: money as exact text."""
    from dataclasses import asdict

    return json.dumps(asdict(summary), default=str, indent=1)
