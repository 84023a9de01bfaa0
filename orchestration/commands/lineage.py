"""From a published row down to allocation lines, charges, usage, deliveries and source rows.

Everything is read: the published file for the marts, the lake for the rows as they were landed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orchestration.errors import SettingsError, TwinledgerError
from orchestration.landing.datasets import ALLOCATION_KEYS

if TYPE_CHECKING:
    import duckdb

    from orchestration.settings import Settings

TABLES = {
    "charges": "cost_ledger.charges",
    "cost_allocations": "allocation.cost_allocations",
    "costs_daily": "allocation.costs_daily",
}
_MEASURES = {"cost", "billed_cost", "list_cost"}

Row = dict[str, Any]


@dataclass(frozen=True)
class SourceRow:
    """One landed row: where it came from, and its columns as they stand in the lake.

    `columns` is None where the lake no longer has the row.
    """

    load_id: str
    file: str
    row: int
    columns: Row | None


def fetch(con: duckdb.DuckDBPyConnection, sql: str, values: Sequence[object] = ()) -> list[Row]:
    """Rows as dictionaries."""
    cursor = con.execute(sql, list(values))
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def columns_of(con: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Column names of `schema.table`."""
    return [row["column_name"] for row in fetch(con, f"describe {table}")]


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


def select_rows(con: duckdb.DuckDBPyConnection, table: str, keys: list[str]) -> list[Row]:
    """The rows that the key names, kept as the temporary table `explained`.

    Args:
        keys: one identifier, or filters `column=value` (an empty value means null).

    Raises:
        SettingsError: a filter names no column.
        TwinledgerError: no row is found.
    """
    known = columns_of(con, table)
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
    con.execute(f"create temp table explained as select * from {table} where {condition}", values)
    rows = fetch(con, "select * from explained order by abs(cost) desc nulls first limit 1000")
    if not rows:
        raise TwinledgerError(
            f"{table} has no row {' '.join(keys)}",
            f'look for one: twinledger query "from {table} limit 5"',
        )
    return rows


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
            conditions.append(f"cast({name} as varchar) = ?")
            values.append(value)
    return " and ".join(conditions), values


def follow_to_charges(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Make the temporary tables `lines` (allocation lines of the row) and `origins` (charges)."""
    if table == TABLES["costs_daily"]:
        both = set(columns_of(con, TABLES["cost_allocations"]))
        shared = [name for name in columns_of(con, table) if name in both - _MEASURES]
        same = " and ".join(
            f"lines.{name} is not distinct from explained.{name}" for name in shared
        )
    elif table == TABLES["cost_allocations"]:
        same = "lines.allocation_id = explained.allocation_id"
    else:
        same = "lines.origin_id = explained.charge_id"
    con.execute(
        "create temp table lines as select lines.* from allocation.cost_allocations as lines "
        f"semi join explained on {same}"
    )
    con.execute(
        "create temp table origins as select charges.* from cost_ledger.charges as charges "
        "semi join lines on charges.charge_id = lines.origin_id"
    )


@dataclass(frozen=True)
class Sum:
    """An exact sum, and how many rows had nothing to add since their amount is unknown."""

    rows: int
    amount: Decimal | None
    unknown: int


def sum_of(con: duckdb.DuckDBPyConnection, table: str, column: str = "cost") -> Sum:
    """Rows, exact sum and unknown amounts of a table."""
    row = con.execute(
        f"select count(*), sum({column}), count(*) - count({column}) from {table}"
    ).fetchall()[0]
    return Sum(*row)


def allocated_sum(con: duckdb.DuckDBPyConnection) -> Sum:
    """All that was allocated of the charges in `origins`, to whomever."""
    con.execute(
        "create or replace temp table all_lines as select lines.cost "
        "from allocation.cost_allocations as lines "
        "semi join origins on lines.origin_id = origins.charge_id"
    )
    return sum_of(con, "all_lines")


def usage_of(con: duckdb.DuckDBPyConnection, charge: Row) -> Row | None:
    """The row of daily usage that a rated charge was made of."""
    # As cost_ledger makes the charge's id of the usage row's (macro row_key).
    found = fetch(
        con,
        "from cost_ledger.token_usage_daily where usage_date = ? and source_name = ? "
        "and md5('rated' || chr(31) || token_usage_id) = ?",
        [charge["charge_date"], charge["source_name"], charge["charge_id"]],
    )
    return found[0] if found else None


def requests_of(con: duckdb.DuckDBPyConnection, usage: Row, limit: int) -> list[Row]:
    """Some requests of a row of daily usage, largest first; empty where the lake is not at hand."""
    import duckdb

    shared = ("source_name", "provider", "model", "service_tier", "usage_date", *ALLOCATION_KEYS)
    same = " and ".join(f"{name} is not distinct from ?" for name in shared)
    try:
        return fetch(
            con,
            f"from cost_ledger.token_requests where {same} "
            "order by context_tokens desc nulls last, source_file, source_row limit ?",
            [*(usage[name] for name in shared), limit],
        )
    except (duckdb.IOException, duckdb.PermissionException):
        return []


def gpu_hours_of(con: duckdb.DuckDBPyConnection, charge: Row) -> list[Row]:
    """The node's hours on the day of a modelled charge, by who had them."""
    keys = [key for key in ALLOCATION_KEYS if key in columns_of(con, "cost_ledger.gpu_hours")]
    return fetch(
        con,
        f"""
        select node_id, {", ".join(keys)},
            sum(provisioned_gpu_hours) as provisioned_gpu_hours,
            sum(allocated_gpu_hours) as allocated_gpu_hours,
            sum(unallocated_gpu_hours) as unallocated_gpu_hours,
            sum(unmeasured_gpu_hours) as unmeasured_gpu_hours
        from cost_ledger.gpu_hours
        where node_id = ? and cast(usage_hour as date) = ?
        group by all
        order by allocated_gpu_hours desc nulls last
        """,
        [charge["resource_id"], charge["charge_date"]],
    )


def shared_by_usage(
    con: duckdb.DuckDBPyConnection, settings: Settings, line: Row, charge: Row
) -> Row | None:
    """The usage that gave a line its share of a bill: requests, tokens and rated cost.

    Returns:
        The target's part and the whole of the pool: the charge's model on its day, else the day.
        None where the share came from something else.
    """
    sources = [item.name for item in settings.sources if item.billed_by == charge["source_name"]]
    if line["method_id"] != "usage" or line["driver"] not in ("rated_cost", "tokens"):
        return None
    # Allocation completes these two from the reference; the log may not have them.
    keys = [key for key in ALLOCATION_KEYS if key not in ("cost_center", "environment")]
    same = " and ".join(f"{key} is not distinct from ?" for key in keys)
    for model in dict.fromkeys((charge["model"], None)):
        found = fetch(
            con,
            f"""
            select
                sum(requests) filter (where {same}) as requests,
                sum(total_tokens) filter (where {same}) as tokens,
                sum(rated_cost) filter (where {same}) as rated_cost,
                sum(total_tokens) as pool_tokens,
                sum(rated_cost) as pool_rated_cost,
                string_agg(distinct source_name, ', ') as source_names,
                ? as model
            from cost_ledger.token_usage_daily
            where list_contains(?, source_name) and usage_date = ? and (? is null or model = ?)
            """,
            [
                *(line[key] for _ in range(3) for key in keys),
                model,
                sources,
                charge["charge_date"],
                model,
                model,
            ],
        )[0]
        if found["requests"]:
            return found
    return None


def deliveries_of(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """The deliveries of `origins`: by load id, and for generated charges by source and day."""
    return fetch(
        con,
        """
        with wanted as (
            select load_id, source_name, strftime(charge_date, '%Y-%m') as month,
                coalesce(strftime(billing_period_start, '%Y-%m'), '') as billing_month,
                cast(charge_date as varchar) as day
            from origins
            group by all
        )
        select load_id, source_name, dataset, period, status, row_count, quarantined_rows, loaded_at
        from landing.loads as loads
        semi join wanted on (
            loads.load_id = wanted.load_id and loads.period in (wanted.month, wanted.billing_month)
        ) or (
            wanted.load_id is null and loads.status = 'accepted'
            and loads.source_name = wanted.source_name and loads.period in (wanted.day, 'all')
        )
        order by source_name, period, load_id
        """,
    )


def source_row(settings: Settings, charge: Row) -> SourceRow | None:
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
) -> list[Row]:
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
        return fetch(
            con,
            "select * exclude (file_row_number) "
            f"from read_parquet(?, file_row_number = true) where {condition} limit {limit}",
            [parts, *values],
        )
    except duckdb.Error:
        # The chain above still stands; the caller says that the row itself cannot be read.
        return []
    finally:
        con.close()
