"""What counters rose by, hour by hour: samples in, increases out.

A counter only rises, until its process starts anew and it begins at 0: a value below the one before
is all new. The first sample of a series gives nothing: how long it had been counting is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
Sample = tuple[datetime, Decimal]


@dataclass(frozen=True, order=True)
class Series:
    """One counter of one process: its name, and all labels in order."""

    metric: str
    labels: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, metric: str, labels: Mapping[str, str]) -> Series:
        """A series by its labels; Prometheus knows an empty label and a missing one as the same."""
        found = ((name, value) for name, value in labels.items() if value and name != "__name__")
        return cls(metric, tuple(sorted(found)))


Samples = dict[Series, list[Sample]]


@dataclass(frozen=True)
class Increase:
    """What one counter rose by within one hour.

    Attributes:
        bucket_start: the hour (UTC); a sample on the hour ends the one before it.
        sampled_from: the sample that it is counted from; it may lie in an earlier hour.
        resets: how often the process had started anew.
    """

    bucket_start: datetime
    sampled_from: datetime
    sampled_to: datetime
    increase: Decimal
    last_value: Decimal
    resets: int
    samples: int


def increases(samples: Iterable[Sample], baseline: Sample | None = None) -> Iterator[Increase]:
    """The increases of one series by hour, in order of time.

    Args:
        samples: in any order; those until the baseline's time are counted already.
        baseline: the last sample that was counted.

    Raises:
        ValueError: two samples of one moment differ.
    """
    hour: Increase | None = None
    former = baseline
    for moment, value in sorted(samples):
        if former is not None and moment <= former[0]:
            if moment == former[0] and former != baseline and value != former[1]:
                raise ValueError(f"two values at {moment:%Y-%m-%d %H:%M:%S}")
            continue
        if former is not None:
            is_reset = value < former[1]
            bucket = _hour_until(moment)
            if hour is not None and hour.bucket_start != bucket:
                yield hour
                hour = None
            hour = Increase(
                bucket_start=bucket,
                sampled_from=former[0] if hour is None else hour.sampled_from,
                sampled_to=moment,
                increase=(value if is_reset else value - former[1])
                + (hour.increase if hour is not None else 0),
                last_value=value,
                resets=is_reset + (hour.resets if hour is not None else 0),
                samples=1 + (hour.samples if hour is not None else 0),
            )
        former = (moment, value)
    if hour is not None:
        yield hour


def _hour_until(moment: datetime) -> datetime:
    before = moment - timedelta(microseconds=1)
    return before - (before - EPOCH) % _HOUR


def moment_of(seconds: Decimal | int) -> datetime:
    """A Unix time, to the microsecond; ValueError where it is none."""
    try:
        return EPOCH + timedelta(microseconds=int(Decimal(seconds) * 1_000_000))
    except (InvalidOperation, OverflowError, ValueError):
        raise ValueError(f"{str(seconds)[:40]} is no time") from None


def value_of(text: str) -> Decimal | None:
    """A counter's value; None where the sample says that there is none (NaN).

    Raises:
        ValueError: no number, infinite, below 0 or beyond what the lake holds: no counter.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"the value '{text[:40]}' is no number") from None
    if value.is_nan():
        return None
    if not value.is_finite() or value < 0 or value.adjusted() > 18:
        raise ValueError(f"the value '{text[:40]}' is no counter's")
    return value
