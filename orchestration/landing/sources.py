"""What a source type is: which dataset it feeds, and from which of the file's columns.

Each type is one small module in `source_types/` that defines `SOURCE_TYPE`; adding a module adds
a type.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from orchestration.errors import SettingsError
from orchestration.landing.api.vendor import Vendor
from orchestration.landing.datasets import DATASETS, Dataset
from orchestration.landing.fetch import Incoming
from orchestration.landing.readers import Build
from orchestration.settings import Delivery, Settings, SourceSettings, nearest


@dataclass(frozen=True)
class Derived:
    """A landed column made of a source column by SQL.

    Attributes:
        source: the source's column.
        parsed: expression with `{raw}` for that column's text; computed once a row for all columns
            that have the same one.
        sql: expression with `{parsed}`; its value is text again.
    """

    source: str
    parsed: str
    sql: str


@dataclass(frozen=True)
class Combined:
    """A landed column made of several source columns by SQL.

    Attributes:
        sources: names or paths; one that the file lacks is null.
        sql: expression with `{0}`, `{1}`, … for their texts; its value is text again.
    """

    sources: tuple[str, ...]
    sql: str

    def over(self, texts: list[str]) -> str:
        """The SQL over the sources' own SQL."""
        return re.sub(r"\{(\d+)\}", lambda place: texts[int(place[1])], self.sql)


def first_of(*paths: str) -> Combined:
    """The first of the paths that has a value: emitters differ in what they call it."""
    places = ", ".join(f"{{{place}}}" for place in range(len(paths)))
    return Combined(paths, f"coalesce({places})" if len(paths) > 1 else places)


Column = str | Derived | Combined
Columns = Mapping[str, Column]
"""Landed column → the source's column (a name or, in JSON, a path), or what is made of some."""


def paths_of(column: Column) -> tuple[str, ...]:
    """The source's columns that feed a landed one."""
    if isinstance(column, Combined):
        return column.sources
    return (column.source if isinstance(column, Derived) else column,)


Offers = Callable[[Settings, SourceSettings, Callable[[], list[Incoming]]], list[Incoming]]


@dataclass(frozen=True)
class SourceType:
    """One kind of source.

    Attributes:
        name: as written in the settings.
        dataset: the landed dataset.
        delivery: the default way in which such a source delivers.
        columns: given the settings and the columns that a file has, what feeds what.
        required: source columns without which a file is refused, given the settings.
        check: raises SettingsError where the settings do not fit this type.
        reads_database: the uri may be a database URL.
        extra_column: landed column that takes all other source columns as one JSON text.
        sparse: columns that are read from JSON even where the first records lack them.
        fixed: landed column → its value in every row, such as the vendor's name.
        reader: reads the source's files in a way of its own.
        vendor: the report API that feeds it; without a uri it is asked.
        offers: what the source offers, given how to list the files that its uri names; by default
            those files.
        reads_api: the settings may say from which day on, and with which key, an API is read.
        repeats: types of which a source of the same gateway holds the same requests.
    """

    name: str
    dataset: Dataset
    delivery: Delivery
    columns: Callable[[SourceSettings, list[str]], Columns]
    required: Callable[[SourceSettings], tuple[str, ...]]
    check: Callable[[SourceSettings], None] = lambda source: None
    reads_database: bool = False
    extra_column: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    sparse: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    reader: Build | None = None
    vendor: Vendor | None = None
    offers: Offers | None = None
    reads_api: bool = False
    repeats: tuple[str, ...] = ()


def mapped_type(name: str, delivery: Delivery, required: tuple[str, ...]) -> SourceType:
    """A generic type: `mapping` and `constants` name the fields of the dataset of the same name.

    A field that is neither mapped nor constant is taken from the column of its own name, if any.
    """
    dataset = DATASETS[name]
    fields = list(dataset.columns)
    virtual = _VIRTUAL_FIELDS.get(name, {})

    def targets(source: SourceSettings) -> dict[str, str]:
        return {
            target: column
            for given, column in source.mapping.items()
            for target in virtual.get(given, (given,))
        }

    def columns(source: SourceSettings, available: list[str]) -> Columns:
        found = {column: column for column in fields if column in available}
        own_name = {
            target: given
            for given, wide in virtual.items()
            if given in available
            for target in wide
        }
        fixed = dict.fromkeys(source.constants)
        merged = {**own_name, **found, **targets(source)}
        return {column: path for column, path in merged.items() if column not in fixed}

    def needed(source: SourceSettings) -> tuple[str, ...]:
        given = {**{field: field for field in required}, **source.mapping}
        alternatives = _ALTERNATIVES.get(name, {})
        wanted = [
            path
            for field_name, path in given.items()
            if field_name not in source.constants
            and (
                field_name in source.mapping
                or not any(
                    other in source.mapping or other in source.constants
                    for other in alternatives.get(field_name, ())
                )
            )
        ]
        return tuple(dict.fromkeys(wanted))

    def check(source: SourceSettings) -> None:
        known = [*fields, *virtual]
        for kind in ("mapping", "constants"):
            for given in getattr(source, kind):
                if given not in known:
                    raise SettingsError(
                        f"source '{source.name}': {kind} names '{given}', which is no field of "
                        f"{name}",
                        nearest(given, known),
                    )

    return SourceType(name, dataset, delivery, columns, needed, check)


# Fields of the contract that feed several landed columns at once.
_VIRTUAL_FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    "cost_lines": {
        "charge_date": ("charge_period_start",),
        "cost": ("billed_cost", "effective_cost"),
    },
}

# A required field may be replaced by one of these.
_ALTERNATIVES: dict[str, dict[str, tuple[str, ...]]] = {
    "cost_lines": {
        "charge_date": ("charge_period_start",),
        "cost": ("billed_cost", "effective_cost", "list_cost"),
    },
}


def constant_columns(source: SourceSettings, source_type: SourceType) -> dict[str, str]:
    """Landed column → the constant's text, for every row."""
    virtual = _VIRTUAL_FIELDS.get(source_type.name, {})
    stated = {
        column: str(value).lower() if isinstance(value, bool) else str(value)
        for given, value in source.constants.items()
        for column in virtual.get(given, (given,))
    }
    return {**source_type.fixed, **stated}


@cache
def known_types() -> dict[str, SourceType]:
    """All source types by name, found in the package `source_types`."""
    from orchestration.landing import source_types

    modules = (
        importlib.import_module(f"{source_types.__name__}.{module.name}")
        for module in pkgutil.iter_modules(source_types.__path__)
    )
    return {module.SOURCE_TYPE.name: module.SOURCE_TYPE for module in modules}
