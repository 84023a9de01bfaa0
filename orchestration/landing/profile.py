"""What a part or a delivery holds: counts, totals and content, by period."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.landing.datasets import Dataset
from orchestration.landing.readers import identifier, literal


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


class Profile:
    """Counts, totals and content of a part, by period."""

    def __init__(self, con: duckdb.DuckDBPyConnection, dataset: Dataset, part: Path) -> None:
        self.con = con
        self.dataset = dataset
        self.scan = f"read_parquet({literal(str(part))})"
        counts = self._counts()
        totals = self._totals("_rule is null")
        # Of many small files, each statement that need not be planned counts.
        is_clean = not any(bad for _, _, bad, *_ in counts)
        bad_totals = {} if is_clean else self._totals("_rule is not null")
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
            for period, rows, bad, distinct, content, first, last in counts
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


def merged(profiles: list[PeriodProfile]) -> list[PeriodProfile]:
    """Profiles of several files, added up by period."""
    merged: dict[str, PeriodProfile] = {}
    for item in profiles:
        other = merged.get(item.period)
        merged[item.period] = item if other is None else _added(other, item)
    return [merged[name] for name in sorted(merged)]


def _added(one: PeriodProfile, other: PeriodProfile) -> PeriodProfile:
    times = [time for time in (one.min_time, other.min_time) if time is not None]
    ends = [time for time in (one.max_time, other.max_time) if time is not None]
    return replace(
        one,
        row_count=one.row_count + other.row_count,
        quarantined_rows=one.quarantined_rows + other.quarantined_rows,
        distinct_rows=one.distinct_rows + other.distinct_rows,
        content_hash=str(int(one.content_hash) + int(other.content_hash)),
        min_time=min(times, default=None),
        max_time=max(ends, default=None),
        totals=_added_totals(one.totals, other.totals),
        quarantined_totals=_added_totals(one.quarantined_totals, other.quarantined_totals),
    )


def _added_totals(
    one: dict[str, dict[str, str]], other: dict[str, dict[str, str]]
) -> dict[str, dict[str, str]]:
    exact = Context(prec=60)
    added = {currency: dict(columns) for currency, columns in one.items()}
    for currency, columns in other.items():
        mine = added.setdefault(currency, {})
        for column, amount in columns.items():
            mine[column] = f"{exact.add(Decimal(mine.get(column, '0')), Decimal(amount)):f}"
    return added
