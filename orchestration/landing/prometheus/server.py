"""A Prometheus server as a source: range queries of some counters, a UTC day at a time.

prometheus.io/docs/prometheus/latest/querying/api (range queries). A day is one delivery, and is
whole in itself: it is counted from the last sample before its midnight. Other servers that answer
the same API (Thanos, Mimir, VictoriaMetrics) are asked not to leave parts out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from pydantic import SecretStr

from orchestration.errors import RefusedError
from orchestration.landing.api.client import ApiClient, StatusError
from orchestration.landing.fetch import Incoming
from orchestration.landing.prometheus.counters import Sample, Samples, Series
from orchestration.landing.prometheus.matrix import matrix
from orchestration.landing.prometheus.rows import CountedFile, Counters
from orchestration.settings import SourceSettings

FIRST_DAYS = 31
DEFAULT_STEP = 60
# Before midnight, a day's first counts are measured from a sample that is at most so old.
_LOOKBACK = timedelta(hours=1)
_SETTLED = "settled"


def is_server(address: str) -> bool:
    """Whether an address is a server's rather than that of files."""
    return re.match(r"^https?://", address) is not None


def now() -> datetime:
    """The present, UTC."""
    return datetime.now(UTC)


def step(source: SourceSettings) -> int:
    """Seconds between two samples."""
    return int(source.options.get("step", DEFAULT_STEP))


def days(source: SourceSettings, counters: Counters) -> list[Incoming]:
    """The days of a server, from `start` (or 31 days ago) until today.

    Raises:
        RefusedError: `start` lies in the future.
    """
    moment = now()
    last = moment.date()
    first = source.start or last - timedelta(days=FIRST_DAYS - 1)
    if first > last:
        raise RefusedError(f"`start` is {first}: in the future", file=f"source '{source.name}'")
    listed = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [
        CountedFile(
            name=f"{source.type}/{day}.csv",
            stamp=_SETTLED if day < last - timedelta(days=source.refetch_days) else "",
            fetch=_fetching(source, counters, day, moment),
        )
        for day in listed
    ]


def _fetching(
    source: SourceSettings, counters: Counters, day: date, moment: datetime
) -> Callable[[Path], Path]:
    def fetch(folder: Path) -> Path:
        midnight = datetime.combine(day, time(), UTC)
        client = _client(source)
        try:
            samples: Samples = {}
            for metric in counters.metrics:
                until = min(midnight + timedelta(days=1), moment)
                samples |= _range(client, source, metric, midnight - _LOOKBACK, until)
        finally:
            client.close()
        baselines: dict[Series, Sample] = {}
        inside: Samples = {}
        for series, found in samples.items():
            before = [sample for sample in found if sample[0] <= midnight]
            if before:
                baselines[series] = max(before)
            inside[series] = [sample for sample in found if sample[0] > midnight]
        rows = counters.rows(source, inside, baselines, f"source '{source.name}', {day}")
        return counters.write(folder / f"{day}.csv", source, rows)

    return fetch


def _range(
    client: ApiClient, source: SourceSettings, metric: str, start: datetime, end: datetime
) -> Samples:
    selector = str(source.options.get("selector", "")).strip().strip("{}")
    parameters = [
        ("query", f"{metric}{{{selector}}}"),
        ("start", str(int(start.timestamp()))),
        ("end", str(int(end.timestamp()))),
        ("step", str(step(source))),
        ("partial_response", "false"),
    ]
    path = "api/v1/query_range"
    try:
        answer = client.get(path, parameters)
    except StatusError as error:
        steps = {
            400: "check options.selector and options.step",
            401: f"is ${client.key_env} a token that this server takes?" if client.key_env else
            "name the variable of its token: api_key_env",
            404: "uri is the server's root, before /api/v1",
            422: "a larger options.step, or a narrower options.selector, asks for less",
        }  # fmt: skip
        raise RefusedError(
            f"{client.base_url}/{path}: {error.words}",
            file=client.where,
            next_step=steps.get(error.status, ""),
        ) from None
    return matrix(answer, (metric,), f"{client.where}: {metric}")


def _client(source: SourceSettings) -> ApiClient:
    variable = source.api_key_env or ""
    token = os.environ.get(variable, "").strip() if variable else ""
    if variable and not token:
        raise RefusedError(
            f"the environment variable {variable}, which holds the server's token, is not set",
            file=f"source '{source.name}'",
            next_step=f"set {variable} where Twinledger runs; it is never written anywhere",
        )
    return ApiClient(
        source.name,
        source.uri.rstrip("/").removesuffix("/api/v1"),
        variable,
        SecretStr(token),
        lambda key: {"Authorization": f"Bearer {key}"} if key else {},
    )
