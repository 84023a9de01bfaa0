"""From a published row down to allocation lines, charges, usage, deliveries and source rows.

Everything is read: the published file for the marts, the lake for the rows as they were landed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import md5
from typing import TYPE_CHECKING

from orchestration.errors import SettingsError, TwinledgerError
from orchestration.landing.datasets import ALLOCATION_KEYS
from orchestration.warehouse.portable import joined_keys, month_text

if TYPE_CHECKING:
    from orchestration.settings import Settings
    from orchestration.warehouse import Marts
    from orchestration.warehouse.marts import Record

TABLES = {
    "charges": "cost_ledger.charges",
    "cost_allocations": "allocation.cost_allocations",
    "costs_daily": "allocation.costs_daily",
}
_MEASURES = {"cost", "billed_cost", "list_cost"}

BY_SIZE = "order by abs(cost) desc nulls first"


@dataclass(frozen=True)
class SourceRow:
    """One landed row: where it came from, and its columns as they stand in the lake.

    `columns` is None where the lake no longer has the row.
    """

    load_id: str
    file: str
    row: int
    columns: Record | None


def table_named(name: str) -> str:
    """The table's full name, given with or without its schema.

    Raises:
        SettingsError: it is no table that can be explained.
    """
    full = TABLES.get(name, name)
    if full not in TABLES.values():
        raise SettingsError(
            f"'{name}' cannot be explained", f"known: {', '.join(sorted(TABLES.values()))}"
        )
    return full


def select_rows(marts: Marts, table: str, keys: list[str]) -> list[Record]:
    """The rows that the key names, kept as `explained`.

    Args:
        table: its full name.
        keys: one identifier, or filters `column=value` (an empty value means null).

    Raises:
        SettingsError: a filter names no column.
        TwinledgerError: no row is found.
    """
    known = columns_of(marts, table)
    if any("=" in key for key in keys):
        condition, values = _filters(known, keys)
    elif len(keys) == 1:
        candidates = ("charge_id", "allocation_id", "origin_id", "costs_daily_id")
        identifiers = [name for name in candidates if name in known]
        condition = " or ".join(f"{name} = ?" for name in identifiers)
        values = [keys[0]] * len(identifiers)
    else:
        raise SettingsError(
            f"{len(keys)} keys were given", "give one identifier, or filters as column=value"
        )
    marts.keep("explained", f"select * from {{{table}}} where {condition}", values)
    rows = marts.records(f"select * from explained {BY_SIZE} limit 1000")
    if not rows:
        raise TwinledgerError(
            f"{table} has no row {' '.join(keys)}",
            f'look for one: twinledger query "select * from {marts.prefix}{table} limit 5"',
        )
    return rows


def columns_of(marts: Marts, table: str) -> list[str]:
    """Column names of `layer.table`."""
    return marts.columns(*table.split("."))


def _filters(known: list[str], keys: list[str]) -> tuple[str, list[str]]:
    conditions = []
    values = []
    for key in keys:
        name, _, value = key.partition("=")
        if name not in known:
            raise SettingsError(
                f"'{key}' is no filter on a column of this table", f"columns: {', '.join(known)}"
            )
        if value in ("", "null"):
            conditions.append(f"{name} is null")
        else:
            conditions.append(f"cast({name} as string) = ?")
            values.append(value)
    return " and ".join(conditions), values


def follow_to_charges(marts: Marts, table: str) -> None:
    """Keep `lines` (allocation lines of the row) and `origins` (their charges)."""
    if table == TABLES["costs_daily"]:
        both = set(columns_of(marts, TABLES["cost_allocations"]))
        shared = [name for name in columns_of(marts, table) if name in both - _MEASURES]
        line, row = joined_keys(shared, "lines"), joined_keys(shared, "explained")
    elif table == TABLES["cost_allocations"]:
        line, row = "lines.allocation_id", "explained.allocation_id"
    else:
        line, row = "lines.origin_id", "explained.charge_id"
    marts.keep(
        "lines",
        "select lines.* from {allocation.cost_allocations} as lines inner join"
        f" (select distinct {row} as explained_key from explained) as explained"
        f" on {line} = explained.explained_key",
    )
    marts.keep(
        "origins",
        "select charges.* from {cost_ledger.charges} as charges inner join"
        " (select distinct origin_id from lines) as lines on charges.charge_id = lines.origin_id",
    )


@dataclass(frozen=True)
class Sum:
    """An exact sum, and how many rows had nothing to add since their amount is unknown."""

    rows: int
    amount: Decimal | None
    unknown: int


def sum_of(marts: Marts, table: str, column: str = "cost") -> Sum:
    """Rows, exact sum and unknown amounts of what is kept as `table`."""
    row = marts.rows(f"select count(*), sum({column}), count(*) - count({column}) from {table}")[0]
    return Sum(*row)


def allocated_sum(marts: Marts) -> Sum:
    """All that was allocated of the charges in `origins`, to whomever."""
    marts.keep(
        "all_lines",
        "select lines.cost from {allocation.cost_allocations} as lines inner join origins"
        " on lines.origin_id = origins.charge_id",
    )
    return sum_of(marts, "all_lines")


def usage_of(marts: Marts, charge: Record) -> Record | None:
    """The row of daily usage that a rated charge was made of."""
    day = [charge["charge_date"], charge["source_name"]]
    usage = "from {cost_ledger.token_usage_daily} where usage_date = ? and source_name = ?"
    for (usage_id,) in marts.rows(f"select token_usage_id {usage}", day):
        # As cost_ledger makes the charge's id of the usage row's (macro row_key).
        text = f"rated{chr(31)}{usage_id}"
        if md5(text.encode(), usedforsecurity=False).hexdigest() == charge["charge_id"]:
            return marts.records(f"select * {usage} and token_usage_id = ?", [*day, usage_id])[0]
    return None


def requests_of(marts: Marts, usage: Record, limit: int) -> list[Record]:
    """Some requests of a row of daily usage, largest first; empty where the lake is not at hand."""
    same, values = _same(
        usage,
        (
            *("source_name", "provider", "model", "service_tier", "geography", "unit"),
            *("usage_date", *ALLOCATION_KEYS),
        ),
    )
    try:
        return marts.records(
            f"select * from {{cost_ledger.token_requests}} where {same} "
            f"order by context_tokens desc nulls last, source_file, source_row limit {limit}",
            values,
        )
    except TwinledgerError:
        return []


def gpu_hours_of(marts: Marts, charge: Record) -> list[Record]:
    """The node's hours on the day of a modelled charge, by who had them."""
    known = columns_of(marts, "cost_ledger.gpu_hours")
    keys = ", ".join(["node_id", *(key for key in ALLOCATION_KEYS if key in known)])
    return marts.records(
        f"""
        select {keys},
            sum(provisioned_gpu_hours) as provisioned_gpu_hours,
            sum(allocated_gpu_hours) as allocated_gpu_hours,
            sum(unallocated_gpu_hours) as unallocated_gpu_hours,
            sum(unmeasured_gpu_hours) as unmeasured_gpu_hours
        from {{cost_ledger.gpu_hours}}
        where node_id = ? and cast(usage_hour as date) = ?
        group by {keys}
        order by allocated_gpu_hours desc nulls last
        """,
        [charge["resource_id"], charge["charge_date"]],
    )


def _same(row: Record, names: Iterable[str]) -> tuple[str, list[object]]:
    """A condition that finds rows like this one in some columns, with its values."""
    known = [name for name in names if row[name] is not None]
    nulls = [f"{name} is null" for name in names if row[name] is None]
    return " and ".join([*(f"{name} = ?" for name in known), *nulls]), [row[n] for n in known]


def service_date(charge: Record) -> date:
    """The day whose usage shares a charge: of a correction, that of what it corrects."""
    day: date = charge["charge_date"]
    return day if charge.get("adjusts_period") is None else charge["charge_period_start"].date()


def shared_by_usage(
    marts: Marts, settings: Settings, line: Record, charge: Record
) -> Record | None:
    """The usage that gave a line its share of a bill: requests, tokens and rated cost.

    Returns:
        The target's part and the whole of the pool: the charge's model on its day, else the day.
        None where the share came from something else.
    """
    sources = [item.name for item in settings.sources if item.billed_by == charge["source_name"]]
    by_usage = line["method_id"] == "usage" and line["driver"] in ("rated_cost", "tokens")
    if not sources or not by_usage:
        return None
    # Allocation completes these two from the reference; the log may not have them.
    keys = [key for key in ALLOCATION_KEYS if key not in ("cost_center", "environment")]
    same, values = _same(line, keys)
    for model in dict.fromkeys((charge["model"], None)):
        found = marts.records(
            f"""
            select
                sum(case when {same} then requests end) as requests,
                sum(case when {same} then total_tokens end) as tokens,
                sum(case when {same} then rated_cost end) as rated_cost,
                sum(total_tokens) as pool_tokens,
                sum(rated_cost) as pool_rated_cost,
                string_agg(distinct source_name, ', ') as source_names
            from {{cost_ledger.token_usage_daily}}
            where source_name in ({", ".join("?" * len(sources))}) and usage_date = ?
                {"and model = ?" if model is not None else ""}
            """,
            [
                *(value for _ in range(3) for value in values),
                *sources,
                service_date(charge),
                *([] if model is None else [model]),
            ],
        )[0]
        if found["requests"]:
            return {**found, "model": model}
    return None


def deliveries_of(marts: Marts) -> list[Record]:
    """The deliveries of `origins`: by load id, and for generated charges by source and day."""
    loads = (
        "select loads.load_id, loads.source_name, loads.dataset, loads.period, loads.status,"
        " loads.row_count, loads.quarantined_rows, loads.loaded_at from {landing.loads} as loads"
    )
    month, billing_month = month_text("charge_date"), month_text("billing_period_start")
    adjusted_month = month_text("adjusts_period")
    return marts.records(
        f"""
        {loads}
        inner join (
            select load_id, {month} as period from origins where load_id is not null
            union distinct
            select load_id, {billing_month} as period from origins where load_id is not null
            union distinct
            select load_id, {adjusted_month} as period from origins where load_id is not null
            union distinct
            select load_id, cast(charge_date as string) as period
            from origins where load_id is not null
        ) as billed on loads.load_id = billed.load_id and loads.period = billed.period
        union distinct
        {loads}
        inner join (
            select source_name, cast(charge_date as string) as period
            from origins where load_id is null
            union distinct
            select source_name, 'all' as period from origins where load_id is null
        ) as generated
            on loads.source_name = generated.source_name and loads.period = generated.period
        where loads.status = 'accepted'
        order by source_name, period nulls first, load_id
        """
    )


def source_row(settings: Settings, charge: Record) -> SourceRow | None:
    """The landed row of a billed charge; None where the charge was made from usage."""
    if charge.get("source_row") is None or charge.get("load_id") is None:
        return None
    load_id, file, row = charge["load_id"], charge["source_file"], charge["source_row"]
    found = landed_rows(
        settings,
        load_id,
        file=file,
        condition="coalesce(_source_row, file_row_number + 1) = ?",
        values=[row],
        limit=1,
    )
    return SourceRow(load_id, file, row, found[0] if found else None)


def landed_rows(
    settings: Settings,
    load_id: str,
    *,
    file: str | None = None,
    condition: str = "true",
    values: Sequence[object] = (),
    limit: int = 3,
) -> list[Record]:
    """Rows of a load as they stand in the lake, in file order; empty where it cannot be read."""
    import duckdb

    from orchestration.landing.lake import Lake

    lake = Lake(settings)
    parts = [
        str(lake.local(landed.part))
        for manifest in lake.manifests
        if manifest.load_id == load_id
        for landed in manifest.files
        if landed.part and landed.rows and (file is None or landed.name == file)
    ]
    if not parts:
        return []
    con = duckdb.connect()
    try:
        con.execute("set timezone = 'UTC'")
        cursor = con.execute(
            "select * exclude (file_row_number) "
            f"from read_parquet(?, file_row_number = true) where {condition} limit {limit}",
            [parts, *values],
        )
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    except duckdb.Error:
        # The chain above still stands; the caller says that the row itself cannot be read.
        return []
    finally:
        con.close()
