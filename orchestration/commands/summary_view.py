"""What a run says at its end: the figures that a finance analyst looks for first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.commands.console import (
    UNKNOWN,
    console,
    count,
    moment,
    money,
    percent,
    plain_table,
    printable,
    show_table,
    unit_price,
)

if TYPE_CHECKING:
    from rich.console import Console

    from orchestration.settings import Settings
    from orchestration.summary import CategoryMonth, RunSummary

MONTHS_SHOWN = 4
ROWS_SHOWN = 8


def show_summary(summary: RunSummary, settings: Settings) -> None:
    """Print a run's summary to stdout."""
    out = console()
    _head(out, summary)
    _landed(out, summary)
    _costs(out, summary)
    _coverage(out, summary)
    _unit_costs(out, summary)
    _value(out, summary)
    _forecast(out, summary)
    _budgets(out, summary)
    _kpis(out, summary)
    _bills(out, summary)
    _adjustments(out, summary)
    _reconciled(out, summary)
    _open_ends(out, summary)
    _next(out, summary, settings)


def _head(out: Console, summary: RunSummary) -> None:
    if summary.outcome == "nothing new":
        out.print(f"Nothing new: the marts of {moment(summary.published_at)} UTC stand.")
    else:
        out.print(f"Published {moment(summary.published_at)} UTC as {summary.publish_id}.")
    out.print(
        f"{count(summary.tables)} tables, {count(summary.rows)} rows in {_short(summary.place)}; "
        f"all amounts in {summary.currency}."
    )


def _landed(out: Console, summary: RunSummary) -> None:
    new = [result for result in summary.landed if result.is_new]
    if not new:
        return
    _title(out, "Landed")
    table = plain_table(
        "source", "loads", "rows", "quarantined", "replaced periods",
        right=("loads", "rows", "quarantined"), wrap=("replaced periods",),
    )  # fmt: skip
    for result in new:
        table.add_row(
            result.source_name,
            count(len(result.loads)),
            count(result.rows),
            count(result.quarantined_rows),
            _some(result.replaced),
        )
    show_table(out, table)


def _costs(out: Console, summary: RunSummary) -> None:
    if not summary.categories:
        return
    months = sorted({row.month for row in summary.categories})[-MONTHS_SHOWN:]
    names = [_month(month) for month in months]
    _title(out, "Cost by ledger category")
    table = plain_table("", *names, right=tuple(names))
    cells = {(row.ledger_category, row.month): row for row in summary.categories}
    for category in _by_size(summary.categories, months):
        table.add_row(category, *(_cost(cells.get((category, month))) for month in months))
    by_month = {m: [row for row in summary.categories if row.month == m] for m in months}
    totals = {m: _total(row.cost for row in rows) for m, rows in by_month.items()}
    idle = {m: _total(row.unallocated_cost for row in rows) for m, rows in by_month.items()}
    table.add_section()
    table.add_row("total", *(money(totals[month]) for month in months), style="bold")
    table.add_row("unallocated", *(_share(idle[month], totals[month]) for month in months))
    unknown = {m: sum(row.unknown for row in rows) for m, rows in by_month.items()}
    if any(unknown.values()):
        table.add_row("lines of unknown cost", *(count(unknown[month]) for month in months))
    show_table(out, table)
    if months[-1] >= datetime.now(UTC).date().replace(day=1):
        out.print(f"{names[-1]} is not over.", style="dim")


def _by_size(rows: Iterable[CategoryMonth], months: list[date]) -> list[str]:
    sizes: dict[str, Decimal] = {}
    for row in rows:
        if row.month in months:
            sizes[row.ledger_category] = sizes.get(row.ledger_category, Decimal(0)) + (
                row.cost or Decimal(0)
            )
    return sorted(sizes, key=lambda name: (-sizes[name], name))


def _cost(cell: CategoryMonth | None) -> str:
    return "–" if cell is None else money(cell.cost)


def _coverage(out: Console, summary: RunSummary) -> None:
    if not summary.coverage:
        return
    _title(out, "Tag coverage of AI cost, the last 30 days")
    table = plain_table(
        "key", "tagged", "cost", "untagged", right=("tagged", "cost", "untagged")
    )  # fmt: skip
    for row in summary.coverage:
        table.add_row(
            row.tag_key.replace("_", " "),
            percent(row.coverage),
            money(row.taggable_cost),
            money(row.taggable_cost - row.tagged_cost),
        )
    show_table(out, table)


def _unit_costs(out: Console, summary: RunSummary) -> None:
    if not summary.unit_costs:
        return
    _title(out, "Unit costs, whole company, newest month")
    table = plain_table(
        "metric", "month", "unit cost", "units", "cost", "complete",
        right=("unit cost", "units", "cost", "complete"),
    )  # fmt: skip
    for row in summary.unit_costs:
        table.add_row(
            printable(row.metric.replace("_", " ")),
            _month(row.month),
            unit_price(row.unit_cost),
            count(row.units)
            if row.units is None or row.units == int(row.units)
            else money(row.units),
            money(row.cost),
            percent(row.completeness),
        )
    show_table(out, table)


def _value(out: Console, summary: RunSummary) -> None:
    if not summary.value_ratios:
        return
    _title(out, "Value for cost by use case, newest month")
    table = plain_table(
        "use case", "month", "value", "cost", "ratio", "evidence",
        right=("value", "cost", "ratio"),
    )  # fmt: skip
    for row in summary.value_ratios[:ROWS_SHOWN]:
        table.add_row(
            printable(row.use_case),
            _month(row.month),
            money(row.value),
            money(row.cost),
            UNKNOWN if row.ratio is None else f"{row.ratio:,.2f}",
            printable(row.evidence_grade or "none"),
        )
    show_table(out, table)
    _more(out, len(summary.value_ratios))


def _forecast(out: Console, summary: RunSummary) -> None:
    if not summary.forecast and not summary.skipped_forecasts:
        return
    _title(out, "Forecast of all cost")
    table = plain_table(
        "month", "days forecast", "median", "known before", right=("days forecast", "median")
    )
    for row in summary.forecast:
        table.add_row(_month(row.month), count(row.days), money(row.p50), moment(row.vintage))
    if summary.forecast:
        show_table(out, table)
    for series, reason in list(summary.skipped_forecasts.items())[:ROWS_SHOWN]:
        out.print(f"no forecast of {printable(series)}: {printable(reason)}")


def _budgets(out: Console, summary: RunSummary) -> None:
    if not summary.budgets:
        return
    _title(out, "Budgets, with the forecast of the whole month")
    table = plain_table(
        "budget", "month", "amount", "actual", "median", "80 of 100 below", "breach chance",
        "status", right=("amount", "actual", "median", "80 of 100 below", "breach chance"),
    )  # fmt: skip
    for row in summary.budgets[: 2 * ROWS_SHOWN]:
        table.add_row(
            printable(row.scope),
            _month(row.month),
            money(row.budget),
            money(row.actual),
            money(row.forecast_p50),
            money(row.forecast_p80),
            percent(row.breach_probability),
            printable(row.status.replace("_", " ")),
        )
    show_table(out, table)
    _more(out, len(summary.budgets), 2 * ROWS_SHOWN)


def _kpis(out: Console, summary: RunSummary) -> None:
    if not summary.kpis:
        return
    _title(out, "Guarded KPIs")
    table = plain_table(
        "kpi", "scope", "month", "value", "threshold", "level", "complete", "owner",
        right=("value", "threshold", "complete"),
    )  # fmt: skip
    guarded = [row for row in summary.kpis if row.threshold is not None]
    for row in guarded:
        table.add_row(
            printable(row.kpi.replace("_", " ")),
            printable(row.scope),
            _month(row.month),
            percent(row.value),
            percent(row.threshold),
            printable(row.level or UNKNOWN),
            percent(row.completeness),
            printable(row.owner or "nobody"),
        )
    show_table(out, table)
    others = len(summary.kpis) - len(guarded)
    if others:
        out.print(f"{count(others)} more without a threshold are in governance.kpi_values")


def _bills(out: Console, summary: RunSummary) -> None:
    if not summary.bills:
        return
    _title(out, "Rated usage against the bill, token lines")
    table = plain_table(
        "bill", "billed", "currency", "equal", "explained", right=("billed", "equal", "explained")
    )
    for row in summary.bills[:ROWS_SHOWN]:
        table.add_row(
            printable(row.bill_source_name),
            money(row.billed),
            printable(row.currency),
            _share(row.equal, row.billed),
            _share(row.explained, row.billed),
        )
    show_table(out, table)
    _more(out, len(summary.bills))


def _adjustments(out: Console, summary: RunSummary) -> None:
    if not summary.adjustments:
        return
    _title(out, "Closed months that were restated: the difference is booked later")
    table = plain_table(
        "bill", "closed month", "booked in", "charges", "billed", "currency",
        right=("charges", "billed"),
    )  # fmt: skip
    for row in summary.adjustments[:ROWS_SHOWN]:
        table.add_row(
            printable(row.source_name),
            _month(row.closed_month),
            _month(row.booked_in),
            count(row.charges),
            money(row.billed),
            printable(row.currency),
        )
    show_table(out, table)
    _more(out, len(summary.adjustments))


def _reconciled(out: Console, summary: RunSummary) -> None:
    bills = sum(summary.reconciled.values())
    if bills:
        closed = summary.reconciled.get("matched", 0)
        _title(out, "Bills against their invoices")
        out.print(
            f"{count(closed)} of {count(bills)} monthly bills add up to what was invoiced; "
            f"of {count(bills - closed)} the invoice is not known: cost_ledger.bill_reconciliation"
        )


def _open_ends(out: Console, summary: RunSummary) -> None:
    lines = [
        f"{count(rows)} rows of {source} are quarantined: twinledger status"
        for source, rows in summary.quarantined.items()
    ]
    lines += [
        f"{count(row.tokens)} tokens have no price: {_model(row.provider, row.model)}"
        for row in summary.unpriced[:ROWS_SHOWN]
    ]
    lines += [
        f"{count(charges)} charges in {printable(currency)} have no exchange rate: "
        "their cost is unknown, give rates in [reference] exchange_rates"
        for currency, charges in summary.without_rate.items()
    ]
    lines += [printable(line) for warning in summary.warnings for line in warning.splitlines()]
    if lines:
        _title(out, "To look at")
        for line in lines:
            out.print(line)


def _next(out: Console, summary: RunSummary, settings: Settings) -> None:
    _title(out, "Where to look next")
    option = f"--settings {_short(settings.file)}"
    layers = summary.prefix
    for sql in (
        f"select team, sum(cost) as cost from {layers}allocation.costs_daily"
        " group by team order by 2 desc",
        f"select * from {layers}unit_economics.unit_costs where entity_type = 'all'"
        " order by metric, period_start",
        f"select source_name, period, status, files from {layers}landing.loads"
        " order by loaded_at desc",
    ):
        # Not wrapped, so that it can be copied whole.
        out.print(f'twinledger query "{sql}" {option}', soft_wrap=True)
    out.print(f"For BI tools: {_short(summary.place)}", soft_wrap=True)


def _title(out: Console, text: str) -> None:
    out.print(f"\n{text}", style="bold")


def _more(out: Console, rows: int, shown: int = ROWS_SHOWN) -> None:
    if rows > shown:
        out.print(f"and {count(rows - shown)} more")


def _model(provider: str | None, model: str | None) -> str:
    return printable(f"{provider or 'unknown provider'}, {model or 'unknown model'}")


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of what is known; unknown where nothing is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def _share(part: Decimal | None, whole: Decimal | None) -> str:
    if whole is None or not whole:
        return UNKNOWN
    return percent((part or Decimal(0)) / whole)


def _some(names: tuple[str, ...]) -> str:
    if len(names) <= 3:
        return ", ".join(names)
    return f"{names[0]} to {names[-1]} ({len(names)})"


def _short(place: str | Path) -> str:
    """A path from here where it is below, else in full: it is meant to be pasted."""
    here = f"{Path.cwd()}/"
    return str(place).removeprefix(here)
