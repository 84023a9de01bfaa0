"""A price list in a file, of whichever known shape, as rows of the landed dataset `prices`."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from orchestration.landing.damage import BrokenFileError
from orchestration.pricing.genai_data import genai_rows, is_genai_data
from orchestration.pricing.litellm_map import read_price_map
from orchestration.pricing.price_csv import Defaults, csv_rows
from orchestration.pricing.snapshot import SCHEMA, SCOPE

_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")


def read_price_file(
    path: Path, source_name: str, defaults: Defaults, dated: date | None, delimiter: str | None
) -> pa.Table:
    """Read a data file of genai-prices, a LiteLLM-format map or a CSV; the content tells which.

    Args:
        path: the file; `.gz` is unpacked, and a date in its name is the snapshot's.
        source_name: what the price book calls the list, where it has no name of its own.
        dated: the snapshot's day where the name tells none; today by default.

    Raises:
        BrokenFileError: it is no such list, or what it says cannot be.
    """
    text = _text(path)
    day = _day_of(path.name) or dated or datetime.now(UTC).date()
    said: dict[str, Any] = {"snapshot_date": day, "snapshot_source": source_name}
    if text.lstrip()[:1] not in ("{", "["):
        return _table([{**row, **said} for row in csv_rows(text, defaults, delimiter)])
    said["price_kind"] = defaults.kind
    document = _document(text)
    if is_genai_data(document):
        # The same list as the bundled one, whoever delivers it: the later snapshot stands.
        said["snapshot_source"] = SCOPE if defaults.kind == "list" else source_name
        try:
            return _table([{**row, **said} for row in genai_rows(document)])
        except ValueError as error:
            raise BrokenFileError(str(error), None, "correct that price") from None
    return _of_map(document, source_name, said)


def _of_map(document: Any, source_name: str, said: dict[str, Any]) -> pa.Table:
    try:
        found = read_price_map(document, source_name, said["snapshot_date"])
    except ValueError as error:
        raise BrokenFileError(
            f"no price list that is known: {error}",
            None,
            "deliver genai-prices' data.json, a LiteLLM-format map, or a CSV",
        ) from None
    negative = next((entry for entry in found.left_out if entry[2] == "negative"), None)
    if negative is not None:
        raise BrokenFileError(
            f"{negative[0]}: {negative[1]} is negative", None, "correct that price"
        )
    return _table([{**row, **said} for row in found.table.to_pylist()])


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    if not rows:
        raise BrokenFileError("the list holds no price", None, "deliver the file again")
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _text(path: Path) -> str:
    with gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb") as stream:
        return stream.read().decode("utf-8-sig")


def _document(text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except json.JSONDecodeError as error:
        raise BrokenFileError(
            f"this is no valid JSON ({error.msg})", error.lineno, "see that line"
        ) from None


def _day_of(name: str) -> date | None:
    """The last date in a file's name."""
    for text in reversed(_DATE.findall(name)):
        try:
            return date.fromisoformat(text)
        except ValueError:
            continue
    return None
