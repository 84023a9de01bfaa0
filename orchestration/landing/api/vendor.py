"""What Twinledger knows of a vendor's report API: its reports, their fields, how it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orchestration.landing.datasets.base import Dataset

# Buckets that one page may hold, as both vendors document it; a window never asks for more.
PAGE_BUCKETS = {"1d": 31, "1h": 168, "1m": 1440}
BUCKETS_A_DAY = {"1d": 1, "1h": 24, "1m": 1440}


@dataclass(frozen=True)
class Report:
    """One report of a vendor.

    Attributes:
        name: what the column `report` says.
        paths: under the API's root; a later one is an older name, tried where the first is unknown.
        groups: all dimensions that the report can be grouped by: without them they come back null.
        new_groups: further ones that not every organisation may ask for; left out where refused.
        required: fields (dotted) without which a result is refused.
        is_daily: it has day buckets only.
    """

    name: str
    paths: tuple[str, ...]
    groups: tuple[str, ...]
    required: tuple[str, ...]
    new_groups: tuple[str, ...] = ()
    is_daily: bool = False


@dataclass(frozen=True)
class Vendor:
    """A vendor's report API.

    Attributes:
        base_url: the vendor's own server.
        key_env: the environment variable of the admin key, unless the source names another.
        headers: what every request carries beside its own, given the key.
        new_groups_headers: what a request for `new_groups` carries.
        bounds: the names of a bucket's (and a request's) start and end.
        ask_time, read_time: a time as it is asked for, and as a bucket states it.
        paths: landed column → where a result holds it, if not under the column's own name.
        report_of: the report that a result of a saved response belongs to, or None.
        amount: (column, its unit's column, the currency's field).
        unit: the name of an amount's unit, given the currency.
        users: columns that name a person: hashed on request.
    """

    name: str
    title: str
    base_url: str
    key_env: str
    dataset: Dataset
    reports: tuple[Report, ...]
    headers: Callable[[str], Mapping[str, str]]
    bounds: tuple[str, str]
    ask_time: Callable[[datetime], str]
    read_time: Callable[[Any], datetime]
    report_of: Callable[[Mapping[str, Any]], str | None]
    amount: tuple[str, str, str]
    unit: Callable[[str], str]
    users: tuple[str, ...]
    new_groups_headers: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def report(self, name: str) -> Report:
        """The report of that name."""
        return next(report for report in self.reports if report.name == name)
