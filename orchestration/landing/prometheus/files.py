"""Saved scrapes and saved answers as a source: each file counts on where the one before it ended.

Files of one name but for the time in it (or, without a time, of one folder) are one row of scrapes.
What follows what is known for good: a file's stamp names the one before it, be that still there or
only known to have landed. So one that comes late makes the next one be read again, and
one that is taken away changes nothing.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import pairwise
from pathlib import Path, PurePosixPath

from orchestration.errors import RefusedError
from orchestration.landing.api.client import parse
from orchestration.landing.fetch import Incoming
from orchestration.landing.lake import Lake
from orchestration.landing.prometheus.counters import Sample, Samples, Series
from orchestration.landing.prometheus.exposition import LineError, name_time, parsed
from orchestration.landing.prometheus.matrix import matrix
from orchestration.landing.prometheus.rows import CountedFile, Counters
from orchestration.settings import Settings, SourceSettings

_LARGEST = 512 * 2**20


def saved(
    settings: Settings, source: SourceSettings, counters: Counters, files: list[Incoming]
) -> list[Incoming]:
    """Files that become rows when they are fetched, in order of time."""
    landed = (file.name for item in Lake(settings).of_source(source.name) for file in item.files)
    there = {file.name: file for file in files}
    before = _predecessors({*landed, *there})
    reading = _Reading(counters)

    def fetching(file: Incoming) -> Callable[[Path], Path]:
        def fetch(folder: Path) -> Path:
            samples = reading.samples(file, folder)
            former = there.get(before.get(file.name, ""))
            baselines = reading.last(former, folder) if former is not None else {}
            rows = counters.rows(source, samples, baselines, file.name)
            short = hashlib.sha256(file.name.encode()).hexdigest()[:16]
            return counters.write(folder / f"{short}.csv", source, rows)

        return fetch

    return [
        CountedFile(
            file.name,
            f"{file.stamp} after {before.get(file.name, 'nothing')}" if file.stamp else "",
            fetching(file),
        )
        for file in sorted(files, key=lambda file: _place(file.name))
    ]


def _place(name: str) -> tuple[str, str, str]:
    """(the row of scrapes that a file belongs to, its time there, its name)."""
    found = name_time(name)
    if found is None:
        return str(PurePosixPath(name).parent), "", name
    return found[1], found[0].isoformat(), name


def _predecessors(names: Iterable[str]) -> dict[str, str]:
    """Of each file, the one before it in its row."""
    places = sorted(_place(name) for name in names)
    return {place[2]: former[2] for former, place in pairwise(places) if former[0] == place[0]}


class _Reading:
    """Reads files; of each it keeps the last samples, for the next one."""

    def __init__(self, counters: Counters) -> None:
        self.counters = counters
        self.done: dict[str, dict[Series, Sample]] = {}

    def samples(self, file: Incoming, folder: Path) -> Samples:
        found = _samples(file.name, _text(file.name, file.fetch(folder)), self.counters.metrics)
        self.done[file.name] = {series: max(own) for series, own in found.items() if own}
        return found

    def last(self, file: Incoming, folder: Path) -> dict[Series, Sample]:
        if file.name not in self.done:
            self.samples(file, folder)
        return self.done[file.name]


def _samples(name: str, text: str, metrics: tuple[str, ...]) -> Samples:
    if text.lstrip()[:1] in ("{", "["):
        try:
            document = parse(text)
        except (ValueError, RecursionError):
            raise RefusedError(
                "this is no valid JSON", file=name, next_step="save the answer again, whole"
            ) from None
        found: Samples = {}
        for answer in document if isinstance(document, list) else [document]:
            for series, own in matrix(answer, metrics, name).items():
                found.setdefault(series, []).extend(own)
        return found
    told = name_time(name)
    scraped_at: datetime | None = told[0] if told is not None else None
    try:
        return parsed(text, metrics, scraped_at)
    except LineError as error:
        raise RefusedError(
            str(error),
            file=name,
            row=error.row,
            next_step="save each scrape whole, with its time (UTC) in the file's name, such as "
            "vllm-2026-11-03T12:00:00Z.prom",
        ) from None


def _text(name: str, path: Path) -> str:
    try:
        with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise RefusedError(f"the file holds more than {_LARGEST >> 20} MB", file=name)
        text = content.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        raise RefusedError(
            "the file is no UTF-8 text, or its gzip stream is damaged", file=name
        ) from None
    if not text.strip():
        raise RefusedError("the file is empty", file=name, next_step="save the scrape again")
    return text
