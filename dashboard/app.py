"""One page for leaders and analysts: does it pay, what does it cost, what comes, is it in control.

make dashboard        # 127.0.0.1:8501, over the sample company unless TWINLEDGER_SETTINGS is set
"""

from __future__ import annotations

from types import ModuleType

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import charts
from dashboard.marts import ask, last_publish, workspace
from orchestration.errors import TwinledgerError
from orchestration.warehouse.portable import month_start, month_text


def text(value: float | None, pattern: str = "{:,.2f}") -> str:
    """A figure as text; unknown stays unknown."""
    return "unknown" if value is None or pd.isna(value) else pattern.format(value)


def headline(currency: str) -> None:
    """The newest closed month in four figures."""
    month = ask(
        "select max(period_start) as month from {value_ledger.value_ratios} where cost is not null"
    )["month"][0]
    worth = ask(
        "select 1e0 * sum(value) / nullif(sum(cost), 0) as ratio, 1e0 * sum(cost) as cost "
        "from {value_ledger.value_ratios} where has_outcome_defined and period_start = "
        "(select max(period_start) from {value_ledger.value_ratios} where cost is not null)"
    ).iloc[0]
    guarded = ask(
        "select kpi, value from {governance.kpi_values} where scope = 'total' and is_guarded"
    ).set_index("kpi")["value"]
    when = "no month yet" if pd.isna(month) else f"{month:%B %Y}"
    columns = st.columns(4)
    columns[0].metric(f"Value for cost, {when}", text(worth["ratio"]))
    columns[1].metric(f"Cost of these use cases, {currency}", text(worth["cost"], "{:,.0f}"))
    columns[2].metric("Tag coverage", text(guarded.get("tag_coverage"), "{:.1%}"))
    columns[3].metric("Forecast accuracy", text(guarded.get("forecast_accuracy"), "{:.1%}"))


def worth_and_cost() -> None:
    """The two ledgers side by side."""
    left, right = st.columns(2)
    ratios = ask(
        "select use_case, ratio, ratio_low, ratio_high, evidence_grade "
        "from {value_ledger.value_ratios} where ratio is not null and period_start = "
        "(select max(period_start) from {value_ledger.value_ratios} where ratio is not null)"
    )
    left.subheader("Does it pay?")
    if ratios.empty:
        left.info("No outcome has landed: without one a use case is a research budget.")
    else:
        left.altair_chart(charts.value_for_cost(ratios))
    costs = ask(
        f"select {month_start('charge_date')} as month, ledger_category, 1e0 * sum(cost) as cost "
        "from {allocation.costs_daily} where is_ai group by 1, 2"
    )
    unknown = ask("select count(*) as n from {cost_ledger.charges} where cost is null")["n"][0]
    right.subheader("What does AI cost?")
    right.altair_chart(charts.cost_by_category(costs))
    if unknown:
        right.caption(f"{unknown:,} charges of unknown cost are not in these bars.")


def outlook() -> None:
    """Daily cost, the current forecast, the budgets."""
    st.subheader("What comes next?")
    actual = ask(
        "select charge_date as day, 1e0 * sum(cost) as cost from {allocation.costs_daily} "
        "where charge_date > (select max(charge_date) - 60 from {allocation.costs_daily}) "
        "group by 1 order by 1"
    )
    issued = ask(
        "select target_date as day, 1e0 * p10 as p10, 1e0 * p50 as p50, "
        "1e0 * p80 as p80, 1e0 * p90 as p90 from {planning.forecasts} "
        "where series = 'total' and is_current order by 1"
    )
    if issued.empty:
        st.info("No forecast yet: it needs two weeks of cost.")
    else:
        st.altair_chart(charts.forecast(actual, issued))
    budgets = ask(
        f"select {month_text('period_start')} as month, budget_scope, status, "
        "1e0 * budget as budget, 1e0 * actual as actual, "
        "1e0 * forecast_p50 as forecast_p50, 1e0 * forecast_p80 as forecast_p80, "
        "breach_probability, cast(breach_date as string) as breach_date "
        "from {planning.budgets_status} order by period_start desc, budget_scope"
    )
    if not budgets.empty:
        table(st, budgets, money=("budget", "actual", "forecast_p50", "forecast_p80"))


def table(place: DeltaGenerator | ModuleType, rows: pd.DataFrame, money: tuple[str, ...]) -> None:
    """A table whose amounts have two decimals and whose shares are percents."""
    shares = ("breach_probability", "completeness")
    formats = dict.fromkeys(money, "%,.2f") | dict.fromkeys(shares, "percent")
    config = {
        name: st.column_config.NumberColumn(format=shown)
        for name, shown in formats.items()
        if name in rows
    }
    place.dataframe(rows, hide_index=True, column_config=config)


def units_and_control() -> None:
    """Unit costs and guarded KPIs."""
    left, right = st.columns(2)
    left.subheader("What does one unit cost?")
    units = ask(
        f"select metric, {month_text('period_start')} as month, unit_cost, "
        "1e0 * units as units, 1e0 * cost as cost, completeness "
        "from {unit_economics.unit_costs} where entity_type = 'all' "
        "order by period_start desc, metric"
    )
    table(left, units, money=("cost", "units"))
    right.subheader("Are we in control?")
    kpis = ask(
        f"select kpi, scope, {month_text('period_start')} as month, value, threshold, level, "
        "completeness, owner from {governance.kpi_values} where is_guarded "
        "order by threshold is null, kpi, scope"
    )
    table(right, kpis, money=())


def main() -> None:
    """The page."""
    st.set_page_config(page_title="Twinledger", layout="wide")
    st.title("Twinledger")
    try:
        currency = workspace().warehouse.reporting_currency
        publish = last_publish()
        if publish is None:
            st.warning("Nothing is published yet: twinledger run")
            return
        st.caption(
            f"Published {publish.published_at:%Y-%m-%d %H:%M} UTC as {publish.publish_id}; "
            f"all amounts in {currency}."
        )
        headline(currency)
        worth_and_cost()
        outlook()
        units_and_control()
    except TwinledgerError as error:
        st.error(str(error))


main()
