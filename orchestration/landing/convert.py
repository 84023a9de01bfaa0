"""One source file becomes one Parquet part, in the file's order, in a single streaming scan.

Because the order is kept, a row's number in its source file is its row number in the part: it costs
nothing to keep. A part is written a second time only where rows were quarantined or skipped.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from orchestration.errors import RefusedError
from orchestration.landing.datasets import BOOL, DATE, MONEY, TEXT, TIME, Dataset
from orchestration.landing.expressions import typed
from orchestration.landing.readers import Reader, identifier, literal, open_reader, unreadable
from orchestration.landing.sources import Derived, SourceType, constant_columns
from orchestration.settings import Settings, SourceSettings

# LZ4 packs a log half as well as zstd and takes a seventh less processor time over the whole
# conversion; the lake is read once a day and written once.
PART_FORMAT = "format parquet, compression lz4_raw"
_KIND = {MONEY: "an amount", TIME: "a time", DATE: "a date", BOOL: "true or false"}


@dataclass(frozen=True)
class PeriodProfile:
    """What one period of a delivery holds; amounts are decimal text by currency and column."""

    period: str
    row_count: int
    quarantined_rows: int
    distinct_rows: int
    content_hash: str
    min_time: str | None
    max_time: str | None
    totals: dict[str, dict[str, str]] = field(default_factory=dict)
    quarantined_totals: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Converted:
    """One converted file.

    Attributes:
        part: the Parquet part, accepted rows only.
        quarantine: the Parquet file of the rows that could not be read, or None.
        first_bad: (row, rule) of the first quarantined row, or None.
        columns: the columns that the file had.
        models: distinct (provider, model) pairs, for the price book.
    """

    source_file: str
    part: Path
    quarantine: Path | None
    first_bad: tuple[int, str] | None
    columns: list[str]
    periods: list[PeriodProfile]
    models: list[tuple[str | None, str | None]]

    @property
    def row_count(self) -> int:
        """Accepted rows."""
        return sum(period.row_count for period in self.periods)

    @property
    def quarantined_rows(self) -> int:
        """Rows that could not be read."""
        return sum(period.quarantined_rows for period in self.periods)


def connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that spills to the workspace and downloads nothing."""
    spill = settings.work / "tmp"
    spill.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(
        config={
            "memory_limit": settings.warehouse.memory_limit,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )
    con.execute("set TimeZone = 'UTC'")
    return con


def convert(
    con: duckdb.DuckDBPyConnection,
    source: SourceSettings,
    source_type: SourceType,
    path: Path,
    *,
    shown: str,
    load_id: str,
    part: Path,
) -> Converted:
    """Convert one file.

    Args:
        path: the local file.
        shown: the file's name as users know it.
        load_id: the delivery that the rows belong to.
        part: where the Parquet part is written.

    Raises:
        RefusedError: the file is damaged, lacks a required column, or holds unreadable money.
    """
    reader = open_reader(con, source, path, shown)
    _check_columns(source, source_type, reader, shown)
    plan = _Plan(source, source_type, reader)
    try:
        con.execute(f"copy ({plan.select(load_id, shown)}) to {literal(str(part))} ({PART_FORMAT})")
        profile = _Profile(con, source_type.dataset, part)
        quarantine, first_bad = _set_aside(con, plan, part, load_id, shown)
        if source.skip_duplicates or quarantine is not None:
            _rewrite(con, source_type.dataset, part, skip_duplicates=source.skip_duplicates)
    except duckdb.Error as error:
        raise unreadable(error, shown, path) from None
    periods = profile.periods
    if source.skip_duplicates:
        kept = {
            period.period: period for period in _Profile(con, source_type.dataset, part).periods
        }
        periods = [
            replace(
                kept.get(period.period, replace(period, row_count=0, distinct_rows=0)),
                quarantined_rows=period.quarantined_rows,
                quarantined_totals=period.quarantined_totals,
            )
            for period in periods
        ]
    return Converted(shown, part, quarantine, first_bad, reader.columns, periods, profile.models)


def _check_columns(
    source: SourceSettings, source_type: SourceType, reader: Reader, shown: str
) -> None:
    wanted = [
        *source_type.required(source),
        *(path for path in source.mapping.values()),
    ]
    for path in dict.fromkeys(wanted):
        if path not in reader.columns and path.split(".")[0] not in reader.columns:
            fields = [name for name, mapped in source.mapping.items() if mapped == path]
            target = f" (mapped to the field '{fields[0]}')" if fields else ""
            raise RefusedError(
                f"the required column '{path}'{target} is missing; the file has: "
                f"{', '.join(reader.columns[:30]) or 'nothing'}",
                file=shown,
                next_step="if it was renamed, name the new column in the source's mapping; if the "
                f'vendor leaves it out, set constants = {{ {path} = "…" }} for the source',
            )


class _Plan:
    """The SQL that reads one file into a dataset's columns."""

    def __init__(self, source: SourceSettings, source_type: SourceType, reader: Reader) -> None:
        self.dataset = source_type.dataset
        self.source = source
        self.reader = reader
        self.constants = constant_columns(source, source_type)
        self.columns = source_type.columns(source, reader.columns)
        self.extra = source_type.extra_column
        sources = {
            path.source if isinstance(path, Derived) else path for path in self.columns.values()
        }
        self.others = [column for column in reader.columns if self.extra and column not in sources]
        self.relation = reader.relation([*sources, *self.others])

    def raws(self) -> str:
        """SQL of the values that feed the landed columns, as `raw <column>`, from the file."""
        parsed = {
            path.parsed.replace("{raw}", self.reader.raw(path.source)): path.parsed
            for path in self.columns.values()
            if isinstance(path, Derived)
        }
        places = {template: f"parsed_{place}" for place, template in enumerate(parsed.values())}
        below = ", ".join(["*", *(f"{sql} as {places[parsed[sql]]}" for sql in parsed)])
        listed = []
        for column, path in self.columns.items():
            value = (
                path.sql.replace("{parsed}", places[path.parsed])
                if isinstance(path, Derived)
                else self.reader.raw(path)
            )
            listed.append(f"{value} as {self.raw(column)}")
        if self.extra:
            pairs = ", ".join(
                f"{literal(name)}, cast({self.reader.raw(name)} as varchar)" for name in self.others
            )
            document = f"cast(json_object({pairs}) as varchar)" if pairs else "null"
            listed.append(f"{document} as {self.raw(self.extra)}")
        return f"select {', '.join(listed)} from (select {below} from {self.relation})"

    def raw(self, column: str) -> str:
        """The name of the value, before typing, that feeds a landed column."""
        return identifier(f"raw {column}")

    def value(self, column: str) -> str:
        """SQL of a landed column."""
        sql_type = self.dataset.columns[column]
        if column in self.constants:
            return f"cast({literal(self.constants[column])} as {sql_type})"
        if column == self.extra:
            return f"cast({self.raw(column)} as varchar)"
        if column not in self.columns:
            return f"cast(null as {sql_type})"
        path = self.columns[column]
        stated = "" if isinstance(path, Derived) else self.reader.types.get(path, "")
        value = typed(self.raw(column), sql_type, self.source, stated)
        if column == "gpu_fraction" and "gpu_fraction_scale" in self.source.options:
            return f"cast({value} / {self.source.options['gpu_fraction_scale']} as {sql_type})"
        return value

    def rule(self) -> str:
        """SQL of the first rule that a row breaks, or null."""
        cases = [
            f"when {self.raw(column)} is not null and {identifier(column)} is null "
            f"then {literal(f'unreadable {column}')}"
            for column in self.typed_columns()
        ]
        cases += [
            f"when {identifier(column)} is null then {literal(f'missing {column}')}"
            for column in self.dataset.required
        ]
        cases += [
            f"when {identifier(column)} < 0 then {literal(f'negative {column}')}"
            for column in self.dataset.non_negative
            if column in self.columns
        ]
        return f"case {' '.join(cases)} end" if cases else "cast(null as varchar)"

    def typed_columns(self) -> list[str]:
        """Columns that are read from text into something else, money first."""
        found = [column for column in self.columns if self.dataset.columns[column] != TEXT]
        return sorted(found, key=lambda column: self.dataset.columns[column] != MONEY)

    def select(self, load_id: str, shown: str) -> str:
        """The whole conversion."""
        values = [
            f"{self.value(column)} as {identifier(column)}" for column in self.dataset.columns
        ]
        raws = [self.raw(column) for column in self.typed_columns()]
        own = [identifier(column) for column in self.dataset.columns]
        if self.dataset.is_bill:
            own.append(f"{_row_hash(self.dataset)} as _row_hash")
        own += [
            f"{literal(load_id)} as _load_id",
            f"{literal(self.source.name)} as _source_name",
            f"{literal(shown)} as _source_file",
            "cast(null as bigint) as _source_row",
            f"{self.dataset.period} as _period",
            f"{self.rule()} as _rule",
        ]
        return (
            f"select {', '.join(own)} from (select {', '.join([*values, *raws])} "
            f"from ({self.raws()})) as source_rows"
        )


def _row_hash(dataset: Dataset) -> str:
    """A line's identity by content: equal for the same line in any file, order or format."""
    texts = [
        f"coalesce(cast({identifier(column)} as varchar), chr(30))" for column in dataset.columns
    ]
    return f"md5(concat_ws(chr(31), {', '.join(texts)}))"


class _Profile:
    """Counts, totals and content of a part, by period."""

    def __init__(self, con: duckdb.DuckDBPyConnection, dataset: Dataset, part: Path) -> None:
        self.con = con
        self.dataset = dataset
        self.scan = f"read_parquet({literal(str(part))})"
        totals = self._totals("_rule is null")
        bad_totals = self._totals("_rule is not null")
        self.periods = [
            PeriodProfile(
                period=period,
                row_count=rows,
                quarantined_rows=bad,
                distinct_rows=distinct,
                content_hash=str(content),
                min_time=first,
                max_time=last,
                totals=totals.get(period, {}),
                quarantined_totals=bad_totals.get(period, {}),
            )
            for period, rows, bad, distinct, content, first, last in self._counts()
        ]
        self.models = self._models()

    def _counts(self) -> list[tuple[Any, ...]]:
        data = self.dataset
        content = (
            "_row_hash" if data.is_bill else ", ".join(identifier(name) for name in data.columns)
        )
        identity = (
            f"count(distinct hash({identifier(data.identity)})) filter (_rule is null and "
            f"{identifier(data.identity)} is not null) "
            f"+ count(*) filter (_rule is null and {identifier(data.identity)} is null)"
            if data.identity
            else "count(*) filter (_rule is null)"
        )
        time = (
            f"cast({identifier(data.time)} as timestamp)"
            if data.time
            else "cast(null as timestamp)"
        )
        return self.con.execute(
            f"""
            select
                coalesce(_period, 'unknown'),
                count(*) filter (_rule is null),
                count(*) filter (_rule is not null),
                {identity},
                coalesce(sum(cast(hash({content}) as hugeint)) filter (_rule is null), 0),
                strftime(min({time}), '%Y-%m-%dT%H:%M:%SZ'),
                strftime(max({time}), '%Y-%m-%dT%H:%M:%SZ')
            from {self.scan}
            group by 1
            order by 1
            """
        ).fetchall()

    def _totals(self, where: str) -> dict[str, dict[str, dict[str, str]]]:
        data = self.dataset
        if not data.money:
            return {}
        currency = (
            f"coalesce({identifier(data.currency)}, 'unknown')" if data.currency else "'unknown'"
        )
        sums = ", ".join(f"cast(sum({identifier(column)}) as varchar)" for column in data.money)
        rows = self.con.execute(
            f"select coalesce(_period, 'unknown'), {currency}, {sums} from {self.scan} "
            f"where {where} group by all"
        ).fetchall()
        totals: dict[str, dict[str, dict[str, str]]] = {}
        for period, name, *amounts in rows:
            known = {
                column: amount
                for column, amount in zip(data.money, amounts, strict=True)
                if amount is not None
            }
            if known:
                totals.setdefault(period, {})[name] = known
        return totals

    def _models(self) -> list[tuple[str | None, str | None]]:
        if self.dataset.models is None:
            return []
        pair = ", ".join(identifier(column) for column in self.dataset.models)
        rows = self.con.execute(f"select {pair} from {self.scan} group by all").fetchall()
        return sorted(rows, key=lambda row: (row[0] or "", row[1] or ""))


def _set_aside(
    con: duckdb.DuckDBPyConnection, plan: _Plan, part: Path, load_id: str, shown: str
) -> tuple[Path | None, tuple[int, str] | None]:
    """Write the unreadable rows, as they were, to the quarantine; refuse unreadable money."""
    scan = f"read_parquet({literal(str(part))}, file_row_number=true)"
    bad = con.execute(
        f"select file_row_number + 1, _rule from {scan} where _rule is not null order by 1 limit 1"
    ).fetchone()
    if bad is None:
        return None, None
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
                f"{plan.columns[column]} holds '{raw}', which is no amount",
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


def _packed(plan: _Plan) -> str:
    return ", ".join(f"{identifier(column)} := {plan.raw(column)}" for column in plan.columns)


def _described(plan: _Plan) -> str:
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


def _sentence(plan: _Plan, rule: str, raw: str | None) -> str:
    kind, column = rule.split(" ", 1)
    path = plan.columns.get(column, column)
    name = path.source if isinstance(path, Derived) else path
    if kind == "unreadable":
        wanted = _KIND.get(plan.dataset.columns[column], "a number")
        return f"{name} holds '{raw}', which is not {wanted}"
    if kind == "negative":
        return f"{name} holds '{raw}', which is below zero"
    return f"{name} is empty"


def _rewrite(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, part: Path, *, skip_duplicates: bool
) -> None:
    """Leave out quarantined rows (and exact repeats), keeping each row's number in its file."""
    rewritten = part.with_suffix(".rewritten")
    columns = [column for column in dataset.landed_columns if column != "_source_row"]
    listed = ", ".join(identifier(column) for column in columns)
    content = ", ".join(identifier(column) for column in dataset.columns)
    once = (
        f" qualify row_number() over (partition by {content} order by _source_row) = 1"
        if skip_duplicates
        else ""
    )
    con.execute(
        f"copy (select {listed}, _source_row, _rule from (select * exclude (_source_row), "
        f"file_row_number + 1 as _source_row from read_parquet({literal(str(part))}, "
        f"file_row_number=true)) where _rule is null{once} order by _source_row) "
        f"to {literal(str(rewritten))} ({PART_FORMAT})"
    )
    rewritten.replace(part)
