"""Price lists: data files of genai-prices, LiteLLM-format maps, CSV in the price book's columns.

Each different content is a snapshot of its own; none takes the place of another in the lake.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import duckdb

from orchestration.errors import SettingsError
from orchestration.landing.datasets import DATASETS
from orchestration.landing.readers import Reader, identifier
from orchestration.landing.sources import SourceType
from orchestration.settings import SourceSettings, nearest

_KEYS = ("name", "type", "uri", "format", "delimiter", "options")
_OPTIONS = ("kind", "currency", "snapshot_date", "units")


def _read(con: duckdb.DuckDBPyConnection, source: SourceSettings, path: Path) -> Reader:
    from orchestration.pricing.price_csv import Defaults
    from orchestration.pricing.price_files import read_price_file

    options = source.options
    dated = options.get("snapshot_date")
    defaults = Defaults(
        kind=str(options.get("kind", "list")),
        currency=str(options.get("currency", "USD")),
        units=_units(source),
    )
    table = read_price_file(
        path,
        source.name,
        defaults,
        date.fromisoformat(str(dated)) if dated else None,
        source.delimiter,
    )
    con.register("price_list", table)
    described = con.execute("describe select * from price_list").fetchall()
    types = {row[0]: str(row[1]) for row in described}
    return Reader(list(types), lambda used: "price_list", identifier, types)


def _units(source: SourceSettings) -> tuple[str, ...]:
    stated = str(source.options.get("units", "")).split(",")
    return tuple(name.strip().lower() for name in stated if name.strip())


def _check(source: SourceSettings) -> None:
    where = f"source '{source.name}'"
    for key in sorted(source.model_fields_set - set(_KEYS)):
        raise SettingsError(
            f"{where}: type 'prices' has no key '{key}'", f"known: {', '.join(_KEYS)}"
        )
    for option in source.options:
        if option not in _OPTIONS:
            raise SettingsError(
                f"{where}: unknown option '{option}'", nearest(option, list(_OPTIONS))
            )
    if source.format not in (None, "csv", "json"):
        raise SettingsError(f"{where}: format '{source.format}'", "a price list is csv or json")
    if source.options.get("kind", "list") not in ("list", "negotiated"):
        raise SettingsError(
            f"{where}: options.kind '{source.options['kind']}'", "known: list, negotiated"
        )
    if not re.fullmatch("[A-Z]{3}", str(source.options.get("currency", "USD"))):
        raise SettingsError(
            f"{where}: options.currency '{source.options['currency']}'", "a code such as USD"
        )
    try:
        date.fromisoformat(str(source.options.get("snapshot_date", "2026-01-01")))
    except ValueError:
        raise SettingsError(
            f"{where}: options.snapshot_date '{source.options['snapshot_date']}' is no date",
            'such as "2026-10-31"',
        ) from None


SOURCE_TYPE = SourceType(
    name="prices",
    dataset=DATASETS["prices"],
    # Every content is a period of its own, which stands for good.
    delivery="snapshot_per_file",
    columns=lambda source, available: {name: name for name in available},
    required=lambda source: (),
    check=_check,
    reader=_read,
)
