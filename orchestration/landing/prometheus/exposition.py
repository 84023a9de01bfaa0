"""Prometheus' text format and OpenMetrics: a scrape as a server of metrics answers it.

Only the lines of the metrics that are asked for are looked at.
Format: prometheus.io/docs/instrumenting/exposition_formats; times are milliseconds there, seconds
in OpenMetrics, which ends with `# EOF`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from orchestration.landing.prometheus.counters import Samples, Series, moment_of, value_of

_LABEL = r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*'
_LINE = re.compile(
    r"^([a-zA-Z_:][a-zA-Z0-9_:]*)\s*"
    rf"(?:\{{((?:{_LABEL},)*(?:{_LABEL})?)\s*\}})?"
    r"\s*([^\s{}\"]+)(?:[ \t]+(-?[0-9.]+))?\s*(?:#.*)?$"
)
_ESCAPES = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}
# The time in a file's name: 2026-11-03T12:00:00Z in its spellings, or Unix seconds (or their ms).
_TIME = re.compile(
    r"(?<!\d)(20\d\d)-?([01]\d)-?([0-3]\d)[T_ -]?"
    r"([0-2]\d)[:_-]?([0-5]\d)(?:[:_-]?([0-5]\d))?Z?(?!\d)"
)
_UNIX = re.compile(r"(?<!\d)(1\d{9})(\d{3})?(?!\d)")


class LineError(ValueError):
    """A line that is none of the format; `row` counts from 1."""

    def __init__(self, row: int, words: str) -> None:
        super().__init__(words)
        self.row = row


def name_time(name: str) -> tuple[datetime, str] | None:
    """The time that a file's name tells (UTC), and the name without it; None where there is none.

    The last time in the name counts: folders may bear dates too.
    """
    found = list(_TIME.finditer(name))
    if found:
        last = found[-1]
        year, month, day, hour, minute = (int(last[place]) for place in range(1, 6))
        try:
            seconds = datetime.fromisoformat(
                f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{last[6] or '00'}+00:00"
            )
        except ValueError:
            return None
        return seconds, name[: last.start()] + name[last.end() :]
    stamps = list(_UNIX.finditer(name))
    if not stamps:
        return None
    stamp = stamps[-1]
    moment = moment_of(Decimal(f"{stamp[1]}.{stamp[2] or 0}"))
    return moment, name[: stamp.start()] + name[stamp.end() :]


def parsed(text: str, metrics: Collection[str], scraped_at: datetime | None) -> Samples:
    """The samples of the metrics.

    Args:
        scraped_at: the time of lines that tell none.

    Raises:
        LineError: a line of one of the metrics cannot be read, or stands twice.
    """
    unit = 1 if text.rstrip().endswith("# EOF") else 1000
    found: Samples = {}
    for row, line in enumerate(text.split("\n"), start=1):
        if re.split(r"[\s{]", line.lstrip(), maxsplit=1)[0] not in metrics:
            continue
        match = _LINE.match(line.strip())
        if match is None:
            raise LineError(row, "this is no line of Prometheus' text format")
        metric, listed, value, stamp = match[1], match[2] or "", match[7], match[8]
        labels = {name: _unescaped(text) for name, text in re.findall(_LABEL, listed)}
        try:
            moment = scraped_at if stamp is None else moment_of(Decimal(stamp) / unit)
            number = value_of(value)
        except (ValueError, ArithmeticError) as error:
            raise LineError(row, str(error)) from None
        if moment is None:
            raise LineError(
                row, "neither the line nor the file's name tells when the scrape was made"
            )
        samples = found.setdefault(Series.of(metric, labels), [])
        if any(moment == other for other, _ in samples[-1:]):
            raise LineError(row, "the series stands twice: one file is one scrape")
        if number is not None:
            samples.append((moment, number))
    return found


def _unescaped(text: str) -> str:
    return re.sub(r"\\[n\"\\]", lambda found: _ESCAPES[found[0]], text)
