"""Increases of counters as the rows of a landed dataset."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path

from orchestration.errors import RefusedError
from orchestration.landing.datasets import ALLOCATION_KEYS, Dataset
from orchestration.landing.fetch import Incoming
from orchestration.landing.prometheus.counters import Increase, Sample, Samples, Series, increases
from orchestration.settings import SourceSettings

_EXACT = Context(prec=80)
_SMALLEST = Decimal(1).scaleb(-18)


@dataclass(frozen=True)
class Counters:
    """The counters of one kind of server.

    Attributes:
        dataset: where their increases land.
        metrics: the only ones that are read.
        whole: those that count things, of which there are no halves.
        labels: those that land under their own name.
        extra: further landed columns of a series, given the settings.
    """

    dataset: Dataset
    metrics: tuple[str, ...]
    whole: frozenset[str]
    labels: tuple[str, ...]
    extra: Callable[[SourceSettings, Series], Mapping[str, str]] = lambda source, series: {}

    def rows(
        self,
        source: SourceSettings,
        samples: Samples,
        baselines: Mapping[Series, Sample],
        where: str,
    ) -> list[tuple[str, ...]]:
        """The rows of some samples, in one order whatever the samples' own.

        Args:
            baselines: per series, the last sample that was counted before these.

        Raises:
            RefusedError: two values of a moment, or a part of what is whole.
        """
        for label in source.mapping.values():
            if samples and not any(label in dict(series.labels) for series in samples):
                raise RefusedError(
                    f"no series has the label '{label}', which the mapping names", file=where
                )
        rows = []
        for series in sorted(samples):
            try:
                for increase in increases(samples[series], baselines.get(series)):
                    rows.append(self._row(source, series, increase))
            except ValueError as error:
                raise RefusedError(f"{series.metric}: {error}", file=where) from None
        return rows

    def _row(self, source: SourceSettings, series: Series, found: Increase) -> tuple[str, ...]:
        if series.metric in self.whole and found.increase % 1:
            raise ValueError(f"{found.increase} is no whole number")
        labels = dict(series.labels)
        # Labels that do not land still tell series apart.
        series_id = _digest([series.metric, series.labels])
        values = {
            **{label: labels.get(label, "") for label in self.labels},
            **{label: labels.get(label, "") for label in source.mapping.values()},
            **self.extra(source, series),
            "record_id": _digest([series_id, found.sampled_to.isoformat()]),
            "series_id": series_id,
            "metric": series.metric,
            "bucket_start": _time(found.bucket_start),
            "sampled_from": _time(found.sampled_from),
            "sampled_to": _time(found.sampled_to),
            "increase": _number(found.increase),
            "last_value": _number(found.last_value),
            "resets": str(found.resets),
            "samples": str(found.samples),
        }
        return tuple(values.get(column, "") for column in self._header(source))

    def _header(self, source: SourceSettings) -> list[str]:
        """The landed columns, and the labels that the settings map to an allocation key."""
        own = [column for column in self.dataset.columns if column not in ALLOCATION_KEYS]
        return list(dict.fromkeys([*own, *source.mapping.values()]))

    def write(self, path: Path, source: SourceSettings, rows: Iterable[tuple[str, ...]]) -> Path:
        """The rows as a CSV file."""
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(self._header(source))
            writer.writerows(rows)
        return path


@dataclass(frozen=True)
class CountedFile(Incoming):
    """A day or a file: two without an increase are alike, but both have been read."""

    def sha256(self, path: Path) -> str:
        """Of name, stamp and content, so that each is known to have landed."""
        start = f"{self.name}:{self.stamp}:".encode()
        return hashlib.sha256(start + path.read_bytes()).hexdigest()


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def _number(value: Decimal) -> str:
    """Exact to the 18th decimal, which is what the lake holds; beyond it, half to even."""
    if int(value.as_tuple().exponent) < -18:
        value = value.quantize(_SMALLEST, ROUND_HALF_EVEN, _EXACT)
    return f"{value:f}"
