"""`twinledger explain`: any published cost back to the file and row that it came from."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.commands import lineage
from orchestration.commands.console import (
    DEFAULT_SETTINGS,
    SettingsOption,
    console,
    count,
    exact,
    moment,
    open_workspace,
    plain_table,
    printable,
    show_table,
)
from orchestration.landing.datasets import ALLOCATION_KEYS
from orchestration.warehouse import warehouse

if TYPE_CHECKING:
    from rich.console import Console

    from orchestration.settings import Settings
    from orchestration.warehouse import Marts
    from orchestration.warehouse.marts import Record

SECONDS = 120.0
ROWS_SHOWN = 10
SOURCE_ROWS_SHOWN = 3


def explain(
    table: Annotated[
        str, typer.Argument(metavar="TABLE", help="charges, cost_allocations or costs_daily.")
    ],
    key: Annotated[
        list[str],
        typer.Argument(metavar="KEY", help="The row's identifier, or filters as column=value."),
    ],
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """Trace a cost back to its source file and row.

    By way of its allocation lines, the charges and their deliveries, with sums that add up.
    """
    full = lineage.table_named(table)
    workspace = open_workspace(settings)
    with warehouse(workspace).marts() as marts, marts.time_limit(SECONDS):
        rows = lineage.select_rows(marts, full, key)
        lineage.follow_to_charges(marts, full)
        out = console()
        currency = workspace.warehouse.reporting_currency
        _show_row(out, marts, full, rows, currency)
        _show_lines(out, marts, currency)
        _show_charges(out, marts, currency)
        _show_deliveries(out, marts)
        _show_origins(out, marts, workspace)


def _show_row(
    out: Console,
    marts: Marts,
    table: str,
    rows: list[Record],
    currency: str,
) -> None:
    if len(rows) == 1:
        out.print(table)
        _pairs(out, rows[0])
        return
    total = lineage.sum_of(marts, "explained")
    out.print(f"{table}: {count(total.rows)} rows, cost {exact(total.amount)} {currency}")


def _show_lines(out: Console, marts: Marts, currency: str) -> None:
    row, lines = lineage.sum_of(marts, "explained"), lineage.sum_of(marts, "lines")
    out.print(f"\n1  Allocation lines: {count(lines.rows)}, cost {exact(lines.amount)} {currency}")
    table = plain_table(
        "cost", "method", "step", "ratio", "driver", "rule", "to", "origin_id",
        right=("cost", "step", "ratio"), wrap=("to",),
    )  # fmt: skip
    keys = ALLOCATION_KEYS
    for line in marts.records(
        f"select * from lines {lineage.BY_SIZE}, origin_id limit {ROWS_SHOWN}"
    ):
        table.add_row(
            exact(line["cost"]),
            line["method_id"],
            count(line["step"]),
            f"{line['ratio']:.6g}",
            printable(line["driver"] or ""),
            printable(line["rule_id"] or ""),
            printable(", ".join(f"{k} {line[k]}" for k in keys if line[k] is not None)),
            line["origin_id"],
        )
    show_table(out, table)
    _more(out, lines.rows)
    _check(out, "the row", row, "its allocation lines", lines)


def _show_charges(out: Console, marts: Marts, currency: str) -> None:
    charges = lineage.sum_of(marts, "origins")
    out.print(f"\n2  Charges: {count(charges.rows)}, cost {exact(charges.amount)} {currency}")
    table = plain_table(
        "cost", "billed", "currency", "evidence", "source", "service", "description", "charge_id",
        right=("cost", "billed"), wrap=("service", "description"),
    )  # fmt: skip
    for charge in marts.records(
        f"select * from origins {lineage.BY_SIZE}, charge_id limit {ROWS_SHOWN}"
    ):
        table.add_row(
            exact(charge["cost"]),
            exact(charge["billed_cost"]),
            printable(charge["billing_currency"]),
            printable(charge["evidence_level"]),
            printable(charge["source_name"]),
            printable(charge["service_name"] or ""),
            printable((charge["charge_description"] or charge["sku_id"] or "")[:60]),
            charge["charge_id"],
        )
    show_table(out, table)
    _more(out, charges.rows)
    allocated = lineage.allocated_sum(marts)
    _check(out, "the charges", charges, "all allocations of them", allocated)


def _show_deliveries(out: Console, marts: Marts) -> None:
    loads = lineage.deliveries_of(marts)
    out.print(f"\n3  Deliveries: {count(len(loads))}")
    table = plain_table(
        "load_id", "source", "dataset", "period", "status", "rows", "quarantined", "landed (UTC)",
        right=("rows", "quarantined"),
    )  # fmt: skip
    for load in loads[:ROWS_SHOWN]:
        table.add_row(
            load["load_id"],
            load["source_name"],
            load["dataset"],
            printable(load["period"]),
            load["status"],
            count(load["row_count"]),
            count(load["quarantined_rows"]),
            moment(load["loaded_at"]),
        )
    show_table(out, table)
    _more(out, len(loads))


def _show_origins(out: Console, marts: Marts, settings: Settings) -> None:
    """The largest charge down to its row, the next ones with their places."""
    out.print("\n4  Where they come from")
    for place, charge in enumerate(
        marts.records(f"select * from origins {lineage.BY_SIZE}, charge_id limit {ROWS_SHOWN}")
    ):
        if place < SOURCE_ROWS_SHOWN and charge["evidence_level"] == "billed":
            _show_shares(out, marts, settings, charge)
        landed = lineage.source_row(settings, charge)
        if landed is not None:
            out.print(
                f"charge {charge['charge_id']}: file {printable(landed.file)},"
                f" row {count(landed.row)}"
            )
            if charge.get("adjusts_period") is not None:
                out.print(
                    f"   a correction of {charge['adjusts_period']:%Y-%m}, which was closed: a"
                    " later delivery brought this row, or lacks it and so reverses its amounts"
                )
            if landed.columns is None:
                out.print(f"   the lake holds load {landed.load_id} no longer")
            elif place == 0:
                _pairs(out, {k: v for k, v in landed.columns.items() if not k.startswith("_")})
        elif place < SOURCE_ROWS_SHOWN:
            out.print(f"charge {charge['charge_id']}:")
            if charge["evidence_level"] == "modelled":
                _show_gpu_hours(out, marts, charge)
            else:
                _show_usage(out, marts, charge)


def _show_shares(out: Console, marts: Marts, settings: Settings, charge: Record) -> None:
    for line in marts.records(
        f"select * from lines where origin_id = ? {lineage.BY_SIZE}, allocation_id"
        f" limit {SOURCE_ROWS_SHOWN}",
        [charge["charge_id"]],
    ):
        usage = lineage.shared_by_usage(marts, settings, line, charge)
        if usage is None:
            continue
        if line["driver"] == "tokens":
            part, whole, unit = usage["tokens"], usage["pool_tokens"], "tokens"
        else:
            part, whole, unit = usage["rated_cost"], usage["pool_rated_cost"], "rated cost"
        model = f" of {printable(usage['model'])}" if usage["model"] else ""
        out.print(
            f"shared by usage: requests {count(usage['requests'])}, tokens"
            f" {count(usage['tokens'])}; {exact(part)} of {exact(whole)} {unit}{model}"
            f" on {lineage.service_date(charge)} in {printable(usage['source_names'])}"
        )


def _show_usage(out: Console, marts: Marts, charge: Record) -> None:
    usage = lineage.usage_of(marts, charge)
    if usage is None:
        out.print("   no usage of this charge is published")
        return
    out.print(
        f"   requests {count(usage['requests'])}, tokens {count(usage['total_tokens'])} of "
        f"{printable(usage['provider'])}, {printable(usage['model'])} on {usage['usage_date']}"
    )
    out.print(f"   tokens × price = {exact(usage['rated_cost'])} {usage['currency']}")
    if usage["unpriced_tokens"]:
        out.print(f"   tokens without a price: {count(usage['unpriced_tokens'])}")
    requests = lineage.requests_of(marts, usage, SOURCE_ROWS_SHOWN)
    if requests:
        out.print("   the largest requests:")
    for request in requests:
        tokens = sum(
            value or 0
            for name, value in request.items()
            if name.endswith("_tokens") and name != "context_tokens"
        )
        out.print(
            f"   file {printable(request['source_file'])}, row {count(request['source_row'])}: "
            f"request {printable(request['request_id'])}, {count(tokens)} tokens"
        )


def _show_gpu_hours(out: Console, marts: Marts, charge: Record) -> None:
    out.print("   the node's GPU hours of that day:")
    table = plain_table(
        "node", "for", "allocated", "unallocated", "unmeasured",
        right=("allocated", "unallocated", "unmeasured"), wrap=("for",),
    )  # fmt: skip
    hours = lineage.gpu_hours_of(marts, charge)
    for row in hours[:ROWS_SHOWN]:
        owner = ", ".join(str(row[k]) for k in ALLOCATION_KEYS if row.get(k) is not None)
        table.add_row(
            printable(row["node_id"]),
            printable(owner),
            exact(row["allocated_gpu_hours"]),
            exact(row["unallocated_gpu_hours"]),
            exact(row["unmeasured_gpu_hours"]),
        )
    show_table(out, table)
    _more(out, len(hours))


def _check(out: Console, one: str, left: lineage.Sum, other: str, right: lineage.Sum) -> None:
    """The sum check in a sentence; amounts are compared exactly."""
    unknown = f"; {count(left.unknown)} of unknown cost" if left.unknown else ""
    if left.amount == right.amount:
        out.print(f"   adds up: {one} = {other}, to the last decimal{unknown}")
    else:
        difference = (left.amount or Decimal(0)) - (right.amount or Decimal(0))
        out.print(f"   DOES NOT ADD UP: {one} − {other} = {exact(difference)}{unknown}")


def _more(out: Console, rows: int) -> None:
    if rows > ROWS_SHOWN:
        out.print(f"   and {count(rows - ROWS_SHOWN)} more")


def _pairs(out: Console, row: dict[str, Any]) -> None:
    """A row's known columns, one a line."""
    table = plain_table("", "", wrap=("",))
    table.show_header = False
    for name, value in row.items():
        if value is not None:
            text = exact(value) if isinstance(value, Decimal) else printable(value)
            table.add_row(f"   {printable(name)}", text)
    show_table(out, table)
