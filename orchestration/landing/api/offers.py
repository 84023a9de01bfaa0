"""What a report source offers: the days of the API, or files of saved responses.

A day is one delivery. It is fetched at every run until it is settled (vendors restate their last
days), then once more, and never again: what has landed says so by its stamp.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import hmac
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from orchestration.errors import RefusedError
from orchestration.landing.api.client import ApiClient, parse
from orchestration.landing.api.fetching import Fetcher
from orchestration.landing.api.pages import PageReader, Row, Values
from orchestration.landing.api.vendor import PAGE_BUCKETS, Vendor
from orchestration.landing.fetch import Incoming
from orchestration.landing.hashing import OPTION, is_asked_for
from orchestration.settings import SourceSettings

_SETTLED = "settled"
# Of a saved file, unpacked: a year of an hourly report, but no archive that grows without end.
_LARGEST = 512 * 2**20


@dataclass(frozen=True)
class ApiDay(Incoming):
    """One UTC day of the API."""

    def sha256(self, path: Path) -> str:
        """Of day, stamp and content: empty days differ, and a day that settles lands once more."""
        return hashlib.sha256(f"{self.name}:{self.stamp}:".encode() + path.read_bytes()).hexdigest()


def today() -> date:
    """The day that is not over yet, UTC."""
    return datetime.now(UTC).date()


def first_day(source: SourceSettings) -> date:
    """Where a first run starts: `start`, or one page of days before today."""
    return source.start or today() - timedelta(days=PAGE_BUCKETS["1d"] - 1)


def days(source: SourceSettings, vendor: Vendor) -> list[Incoming]:
    """The days of the API, from the first one until today; nothing is asked before one is needed.

    Raises:
        RefusedError: `start` lies in the future.
    """
    first, last = first_day(source), today()
    if first > last:
        raise RefusedError(f"`start` is {first}: in the future", file=f"source '{source.name}'")
    windows = _Windows(source, vendor, last)
    listed = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [
        ApiDay(
            name=f"{vendor.name}/{day}.csv",
            stamp=_SETTLED if day < last - timedelta(days=source.refetch_days) else "",
            fetch=windows.fetching(day),
        )
        for day in listed
    ]


class _Windows:
    """Fetches the window that begins with a day that is wanted, and keeps its other days."""

    def __init__(self, source: SourceSettings, vendor: Vendor, last: date) -> None:
        self.source = source
        self.vendor = vendor
        self.last = last
        self._written: dict[date, Path] = {}

    def fetching(self, day: date) -> Callable[[Path], Path]:
        def fetch(folder: Path) -> Path:
            if day not in self._written:
                self._fetch(day, folder)
            return self._written[day]

        return fetch

    def _fetch(self, first: date, folder: Path) -> None:
        source, vendor = self.source, self.vendor
        chosen = reports(source, vendor)
        variable = source.api_key_env or vendor.key_env
        client = ApiClient(
            source.name, base_url(source, vendor), variable, _key(source, variable), vendor.headers
        )
        try:
            fetcher = Fetcher(
                client, vendor, str(source.options.get("bucket_width", "1d")), hashing(source)
            )
            count = min(fetcher.days, (self.last - first).days + 1)
            window = [first + timedelta(days=number) for number in range(count)]
            found: dict[date, list[Values]] = {day: [] for day in window}
            for report in vendor.reports:
                if report.name in chosen:
                    for row in fetcher.window(report, window, self.last):
                        found[row.start.date()].append(row.values)
        finally:
            client.close()
        for day, rows in found.items():
            # In one order whatever the API's: the same rows are the same content.
            self._written[day] = _write(folder / f"{day}.csv", vendor, sorted(rows))


def saved(source: SourceSettings, vendor: Vendor, found: list[Incoming]) -> list[Incoming]:
    """Files of saved responses, which become rows when they are fetched."""

    def reading(file: Incoming) -> Callable[[Path], Path]:
        def fetch(folder: Path) -> Path:
            rows = [row.values for row in _saved_rows(source, vendor, file, file.fetch(folder))]
            name = hashlib.sha256(file.name.encode()).hexdigest()[:16]
            return _write(folder / f"{name}.csv", vendor, rows)

        return fetch

    return [replace(file, fetch=reading(file)) for file in found]


def _saved_rows(
    source: SourceSettings, vendor: Vendor, file: Incoming, path: Path
) -> Iterator[Row]:
    reader = PageReader(vendor, file.name, hashed=hashing(source))
    for page in _saved_pages(file.name, path):
        yield from reader.rows(page)


def _saved_pages(shown: str, path: Path) -> Iterable[Any]:
    """One page, a list of pages, or a page a line."""
    try:
        with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise RefusedError(
                f"the file holds more than {_LARGEST >> 20} MB",
                file=shown,
                next_step="save the responses in several files",
            )
        text = content.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        raise RefusedError(
            "the file is no UTF-8 text, or its gzip stream is damaged",
            file=shown,
            next_step="save the responses again",
        ) from None
    if not text.strip():
        raise RefusedError("the file is empty", file=shown, next_step="save the responses again")
    try:
        document = parse(text)
        return document if isinstance(document, list) else [document]
    except (ValueError, RecursionError):
        return _lines(shown, text)


def _lines(shown: str, text: str) -> Iterator[Any]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield parse(line)
            except (ValueError, RecursionError):
                raise RefusedError(
                    "this is no valid JSON: neither a response, a list of them, nor one a line",
                    file=shown,
                    row=number,
                    next_step="save the responses again, whole",
                ) from None


def _write(path: Path, vendor: Vendor, rows: Iterable[Values]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(vendor.dataset.columns)
        writer.writerows(rows)
    return path


def reports(source: SourceSettings, vendor: Vendor) -> list[str]:
    """The reports that are asked for: all, or those of `options.reports`."""
    chosen = source.options.get("reports")
    if chosen is None:
        return [report.name for report in vendor.reports]
    return [name.strip() for name in str(chosen).split(",") if name.strip()]


def base_url(source: SourceSettings, vendor: Vendor) -> str:
    """The API's root, with or without the version that some write behind it."""
    return (source.base_url or vendor.base_url).rstrip("/").removesuffix("/v1").rstrip("/")


def _key(source: SourceSettings, variable: str) -> SecretStr:
    value = os.environ.get(variable, "").strip()
    if not value:
        raise _not_set(source, variable, "the API key")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise RefusedError(
            f"the environment variable {variable} holds no API key: it has odd characters",
            file=f"source '{source.name}'",
            next_step=f"set {variable} to the key alone",
        )
    return SecretStr(value)


def hashing(source: SourceSettings) -> Callable[[str], str]:
    """What a person's id becomes: itself, or the keyed hash of all sources (`landing/hashing`).

    Here it is made before a row is written anywhere, so that no temporary file holds the id.
    """
    if not is_asked_for(source):
        return lambda user: user
    variable = str(source.options[OPTION])
    key = os.environ.get(variable, "").encode()
    if not key:
        raise _not_set(source, variable, "the key of the users' hashes")
    return lambda user: hmac.new(key, user.encode(), hashlib.sha256).hexdigest()


def _not_set(source: SourceSettings, variable: str, what: str) -> RefusedError:
    return RefusedError(
        f"the environment variable {variable}, which holds {what}, is not set",
        file=f"source '{source.name}'",
        next_step=f"set {variable} where Twinledger runs; it is never written anywhere",
    )
