"""The same bill lines through two sources or two files would count the same money twice."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.errors import RefusedError
from orchestration.landing.lake import Lake, Manifest, standing
from orchestration.landing.readers import identifier, literal
from orchestration.landing.sources import known_types
from orchestration.settings import Settings, SourceSettings


def refuse_overlaps(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    lake: Lake,
    source: SourceSettings,
    prepared: list[tuple[Manifest, Path]],
) -> None:
    """Compare the paid lines of new loads with each other and with what stands elsewhere.

    Lines without cost are left out: vendors repeat them, and no money is counted twice.

    Raises:
        RefusedError: more than `max_overlap_share` of a file's paid lines stand elsewhere.
    """
    if not prepared:
        return
    dataset = known_types()[source.type].dataset
    new = [
        str(staged / Path(file.part).name)
        for manifest, staged in prepared
        for file in manifest.files
        if file.part is not None
    ]
    others = _standing_elsewhere(settings, lake, source, prepared)
    paid = " or ".join(f"{identifier(column)} <> 0" for column in dataset.money)
    con.execute(f"create or replace temp table new_lines as {_lines(new, paid)}")
    within = prepared[0][0].delivery != "snapshot_per_file"
    if others:
        con.execute(f"create or replace temp table other_lines as {_lines(others, paid)}")
    pairs = [("other_lines", True)] if others else []
    pairs += [("new_lines", False)] if within and len(new) > 1 else []
    for table, is_other in pairs:
        different = "true" if is_other else "new_lines._source_file < found._source_file"
        row = con.execute(
            f"""
            with matches as (
                select
                    new_lines._source_file as new_file,
                    found._source_name as other_source,
                    found._source_file as other_file,
                    count(*) as matched
                from new_lines
                inner join {table} as found
                    on new_lines._row_hash = found._row_hash
                where {different}
                group by all
            ),
            sizes as (select _source_file, count(*) as line_count from new_lines group by all)
            select matches.*, sizes.line_count
            from matches
            inner join sizes on matches.new_file = sizes._source_file
            where matches.matched >= {settings.gate.max_overlap_share} * sizes.line_count
            order by matches.matched desc
            limit 1
            """
        ).fetchone()
        if row is not None:
            new_file, other_source, other_file, matched, lines = row
            raise RefusedError(
                f"{matched} of its {lines} paid lines also stand in {other_file} of source "
                f"'{other_source}': the same money would count twice",
                file=new_file,
                next_step="let one export cover each line: narrow `uri`, or remove one of the "
                "sources; if the files are states of one bill, set delivery = "
                '"snapshot_per_file"',
            )


def _lines(parts: list[str], paid: str) -> str:
    listed = ", ".join(literal(part) for part in parts)
    return (
        f"select _row_hash, _source_name, _source_file from read_parquet([{listed}]) "
        f"where {paid} group by all"
    )


def _standing_elsewhere(
    settings: Settings,
    lake: Lake,
    source: SourceSettings,
    prepared: list[tuple[Manifest, Path]],
) -> list[str]:
    """Parts of the same dataset that stand under another source, or under another file where
    files add up, in the periods that the new loads hold."""
    new_periods = {period.period for manifest, _ in prepared for period in manifest.periods}
    new_files = {file.name for manifest, _ in prepared for file in manifest.files}
    found = []
    for other in settings.sources:
        if known_types()[other.type].dataset != known_types()[source.type].dataset:
            continue
        loads = lake.of_source(other.name)
        holds = standing(loads).periods_of
        for item in loads:
            if not holds.get(item.load_id, frozenset()) & new_periods:
                continue
            if other.name == source.name and (
                item.delivery != "append" or item.files[0].name in new_files
            ):
                continue
            found += [str(lake.local(file.part)) for file in item.files if file.part]
    return found
