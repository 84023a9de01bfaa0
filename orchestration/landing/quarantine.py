"""Rows that cannot be read are set aside as they were; unreadable money refuses the file."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.errors import RefusedError
from orchestration.landing.datasets import BOOL, DATE, MONEY, TIME
from orchestration.landing.plan import Plan
from orchestration.landing.readers import identifier, literal
from orchestration.landing.sources import paths_of

QUARANTINED_COLUMNS = {
    "_load_id": "varchar",
    "_source_name": "varchar",
    "_source_file": "varchar",
    "_source_row": "bigint",
    "_period": "varchar",
    "rule": "varchar",
    "raw": "varchar",
}
"""Column → DuckDB type of what is set aside; `raw` is the row as JSON text."""

_KIND = {MONEY: "an amount", TIME: "a time", DATE: "a date", BOOL: "true or false"}


def set_aside(
    con: duckdb.DuckDBPyConnection, plan: Plan, part: Path, load_id: str, shown: str
) -> tuple[Path, tuple[int, str]]:
    """Write the unreadable rows, as they were, to the quarantine; refuse unreadable money."""
    scan = f"read_parquet({literal(str(part))}, file_row_number=true)"
    con.execute(
        f"create or replace temp table quarantined as select bad.*, source_rows.* from "
        f"(select file_row_number + 1 as _row, _rule as _broken, _period as _in_period from {scan} "
        f"where _rule is not null) as bad inner join (select row_number() over () as _n, * "
        f"from ({plan.raws()})) as source_rows on bad._row = source_rows._n"
    )
    for row, rule, raw in con.execute(_described(plan)).fetchall():
        kind, column = rule.split(" ", 1)
        if kind == "unreadable" and plan.dataset.columns[column] == MONEY:
            raise RefusedError(
                f"{paths_of(plan.columns[column])[0]} holds '{raw}', which is no amount",
                file=shown,
                row=row,
                next_step="correct that row at the source and deliver the file again",
            )
        if kind == "missing" and column in plan.dataset.money:
            raise RefusedError(f"{column} is empty", file=shown, row=row)
    target = part.with_name(part.name.replace("part-", "quarantine-"))
    con.execute(
        f"copy (select {literal(load_id)} as _load_id, "
        f"{literal(plan.source.name)} as _source_name, {literal(shown)} as _source_file, "
        "_row as _source_row, _in_period as _period, "
        f"_broken as rule, cast(to_json(struct_pack({_packed(plan)})) as varchar) as raw "
        f"from quarantined order by _row) to {literal(str(target))} (format parquet)"
    )
    rows = con.execute(_described(plan)).fetchall()
    con.execute("drop table quarantined")
    row, rule, raw = rows[0]
    return target, (row, _sentence(plan, rule, raw))


def _packed(plan: Plan) -> str:
    return ", ".join(f"{identifier(column)} := {plan.raw(column)}" for column in plan.columns)


def _described(plan: Plan) -> str:
    """Row, rule and raw value of quarantined rows, unreadable money first."""
    cases = " ".join(
        f"when _broken = {literal(f'unreadable {column}')} or _broken = "
        f"{literal(f'negative {column}')} then cast({plan.raw(column)} as varchar)"
        for column in plan.typed_columns()
    )
    money = ", ".join(
        literal(f"unreadable {column}")
        for column in plan.typed_columns()
        if plan.dataset.columns[column] == MONEY
    )
    first = f"case when _broken in ({money or 'null'}) then 0 else 1 end"
    raw = f"case {cases} end" if cases else "null"
    return f"select _row, _broken, {raw} from quarantined order by {first}, _row limit 5"


def _sentence(plan: Plan, rule: str, raw: str | None) -> str:
    kind, column = rule.split(" ", 1)
    name = paths_of(plan.columns.get(column, column))[0]
    if kind == "unreadable":
        wanted = _KIND.get(plan.dataset.columns[column], "a number")
        return f"{name} holds '{raw}', which is not {wanted}"
    if kind == "negative":
        return f"{name} holds '{raw}', which is below zero"
    return f"{name} is empty"
