"""One partition a period that a source delivers: days for usage, months for bills."""

from __future__ import annotations

import re

import dagster as dg

from orchestration.landing.lake import Lake, Manifest
from orchestration.landing.sources import known_types
from orchestration.settings import Settings, SourceSettings

_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_MONTH = re.compile(r"^\d{4}-\d{2}$")
_FIRST_YEAR = "2024"
"""Where no delivery says it."""


def first_year(settings: Settings) -> str:
    """The year in which partitions begin: that of the oldest delivery of a local lake."""
    lake = Lake(settings)
    if lake.is_remote:
        # Loading the definitions must not depend on a network.
        return _FIRST_YEAR
    years = [
        period.period[:4]
        for manifest in lake.manifests
        for period in manifest.periods
        if _MONTH.match(period.period[:7])
    ]
    return min(years, default=_FIRST_YEAR)


def partitions_of(source: SourceSettings, year: str) -> dg.TimeWindowPartitionsDefinition | None:
    """Keys equal the lake's periods; None for a source that is one state, or whose periods are its
    deliveries."""
    period = known_types()[source.type].dataset.period
    if period == "'all'" or "_load_id" in period:
        return None
    # The current day and month are partitions too: they are delivered while they last.
    if "%Y-%m-%d" in period:
        return dg.DailyPartitionsDefinition(start_date=f"{year}-01-01", end_offset=1)
    return dg.MonthlyPartitionsDefinition(start_date=f"{year}-01", fmt="%Y-%m", end_offset=1)


def standing_rows(manifests: list[Manifest]) -> dict[str, int]:
    """Period → rows that stand, for periods that can be partitions; "all" is a single one."""
    from orchestration.landing.lake import standing

    return {
        grain.period: grain.row_count
        for grain in standing(manifests).grains
        if _DAY.match(grain.period) or _MONTH.match(grain.period) or grain.period == "all"
    }
