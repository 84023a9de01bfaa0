"""Charts of the marts: data in, an Altair chart out; no query and no page in here."""

from __future__ import annotations

import altair as alt
import pandas as pd

Chart = alt.Chart | alt.LayerChart | alt.FacetChart


def cost_by_category(costs: pd.DataFrame) -> Chart:
    """Stacked months. Columns: month (date), ledger_category, cost (reporting currency)."""
    return (
        alt.Chart(costs)
        .mark_bar()
        .encode(
            x=alt.X("yearmonth(month):O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("sum(cost):Q", title="cost", axis=alt.Axis(format="~s")),
            color=alt.Color("ledger_category:N", title=None),
            order=alt.Order("sum(cost):Q", sort="descending"),
            tooltip=[
                alt.Tooltip("yearmonth(month):O", title="month"),
                "ledger_category",
                alt.Tooltip("cost:Q", format=",.2f"),
            ],
        )
        .properties(height=300)
    )


def value_for_cost(ratios: pd.DataFrame) -> Chart:
    """Value per unit of cost with its interval; the rule at 1 is where a use case pays.

    Columns: use_case, ratio, ratio_low, ratio_high, evidence_grade.
    """
    base = alt.Chart(ratios).encode(
        y=alt.Y("use_case:N", title=None, axis=alt.Axis(labelLimit=240))
    )
    interval = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("ratio_low:Q", title="value / cost"), x2="ratio_high:Q"
    )
    point = base.mark_point(filled=True, size=110).encode(
        x="ratio:Q",
        color=alt.Color("evidence_grade:N", title="evidence"),
        tooltip=["use_case", alt.Tooltip("ratio:Q", format=".2f"), "evidence_grade"],
    )
    one = alt.Chart(pd.DataFrame({"x": [1.0]})).mark_rule(strokeDash=[4, 4], color="gray")
    return alt.layer(one.encode(x="x:Q"), interval, point).properties(height=220)


def forecast(actual: pd.DataFrame, issued: pd.DataFrame) -> Chart:
    """Daily cost and what was forecast.

    Columns: actual(day, cost); issued(day, p10, p50, p80, p90).
    """
    days = alt.X("day:T", title=None)
    line = (
        alt.Chart(actual)
        .mark_line(strokeWidth=1.5)
        .encode(x=days, y=alt.Y("cost:Q", title="cost a day"))
    )
    band = alt.Chart(issued).mark_area(opacity=0.25).encode(x=days, y="p10:Q", y2="p90:Q")
    median = alt.Chart(issued).mark_line(strokeDash=[5, 3]).encode(x=days, y="p50:Q")
    return alt.layer(band, line, median).properties(height=280)
