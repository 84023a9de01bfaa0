"""vLLM's own metrics: a Prometheus server that scrapes it, saved scrapes, or saved range queries.

Names and meaning: docs.vllm.ai (design/metrics, usage/metrics). Counters hold what all requests
took since the process began; prompt tokens include those found in the prefix cache. Up to 0.8 the
hits bear the name gpu_prefix_cache_hits and count blocks, later releases count tokens under the
same name: nothing in it tells which, so `options.gpu_prefix_cache_hit_tokens` must.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from orchestration.errors import SettingsError
from orchestration.landing.datasets import ALLOCATION_KEYS
from orchestration.landing.datasets.serving import VLLM, VLLM_LABELS
from orchestration.landing.fetch import Incoming
from orchestration.landing.prometheus import files, server
from orchestration.landing.prometheus.counters import Series
from orchestration.landing.prometheus.rows import Counters
from orchestration.landing.readers import Reader, by_format
from orchestration.landing.sources import SourceType
from orchestration.settings import Settings, SourceSettings, nearest

OLD_HITS = "vllm:gpu_prefix_cache_hits_total"
_TOKENS = (
    "vllm:prompt_tokens_total",
    "vllm:generation_tokens_total",
    "vllm:prefix_cache_hits_total",
    OLD_HITS,
    "vllm:request_success_total",
)
# Of the decode time the first that is there counts: the later ones add up each token's own.
_TIMES = (
    "vllm:request_prefill_time_seconds_sum",
    "vllm:request_decode_time_seconds_sum",
    "vllm:inter_token_latency_seconds_sum",
    "vllm:time_per_output_token_seconds_sum",
)
_OPTIONS = ("step", "selector", "gpu_prefix_cache_hit_tokens")
_STEPS = (10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600)
_MATCHER = r'[a-zA-Z_]\w*\s*(=|!=|=~|!~)\s*"([^"\\\n]|\\.)*"'
_LABEL = "[a-zA-Z_][a-zA-Z0-9_]*"


def _extra(source: SourceSettings, series: Series) -> Mapping[str, str]:
    stated = source.options.get("gpu_prefix_cache_hit_tokens")
    counts = series.metric == OLD_HITS and stated is not None
    return {"tokens_per_count": str(stated)} if counts else {}


_OWN = [column for column in VLLM.columns if column not in ALLOCATION_KEYS]
COUNTERS = Counters(VLLM, (*_TOKENS, *_TIMES), frozenset(_TOKENS), VLLM_LABELS, _extra)


def _offers(
    settings: Settings, source: SourceSettings, found: Callable[[], list[Incoming]]
) -> list[Incoming]:
    if server.is_server(source.uri):
        return server.days(source, COUNTERS)
    return files.saved(settings, source, COUNTERS, found())


def _rows(con: duckdb.DuckDBPyConnection, source: SourceSettings, path: Path) -> Reader:
    """The rows that samples became, whatever the name under which they are known."""
    return by_format(source.model_copy(update={"format": "csv"}), path.name)(con, source, path)


def _check(source: SourceSettings) -> None:
    where = f"source '{source.name}'"
    for option, value in source.options.items():
        if option not in _OPTIONS:
            raise SettingsError(f"{where}: unknown option '{option}'", nearest(option, [*_OPTIONS]))
        if option != "selector" and (isinstance(value, bool) or not re.match(r"^\d+$", str(value))):
            raise SettingsError(f"{where}: options.{option} is no whole number", f"got {value!r}")
    if server.step(source) not in _STEPS:
        raise SettingsError(
            f"{where}: options.step is {server.step(source)} seconds",
            f"an hour must be a whole number of steps: {', '.join(map(str, _STEPS))}",
        )
    selector = str(source.options.get("selector", "")).strip().strip("{}").strip()
    if selector and not re.fullmatch(rf"{_MATCHER}(\s*,\s*{_MATCHER})*,?", selector):
        raise SettingsError(
            f"{where}: options.selector is no list of label matchers",
            """such as 'job="vllm",namespace=~"prod.*"'""",
        )
    for key, label in source.mapping.items():
        if key not in ALLOCATION_KEYS:
            raise SettingsError(
                f"{where}: mapping names '{key}', which is no allocation key",
                nearest(key, list(ALLOCATION_KEYS)),
            )
        if not re.fullmatch(_LABEL, label):
            raise SettingsError(f"{where}: '{label}' is no name of a label")
    for column in source.constants:
        if column not in (*ALLOCATION_KEYS, "model_name"):
            raise SettingsError(
                f"{where}: constants names '{column}'",
                nearest(column, [*ALLOCATION_KEYS, "model_name"]),
            )
    if server.is_server(source.uri):
        _check_address(where, source)
        return
    for key in sorted({"api_key_env", "start", "refetch_days"} & source.model_fields_set):
        raise SettingsError(
            f"{where}: '{key}' is for a Prometheus server, but `uri` names files",
            'a server is written as "http://prometheus.example.com:9090"',
        )


def _check_address(where: str, source: SourceSettings) -> None:
    parts = urlsplit(source.uri)
    if not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(
            f"{where}: uri is no address of a Prometheus server",
            'such as "http://prometheus.example.com:9090"',
        )
    if parts.username is not None:
        raise SettingsError(f"{where}: uri holds credentials", "secrets come from api_key_env only")
    is_near = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if source.api_key_env and parts.scheme == "http" and not is_near:
        raise SettingsError(
            f"{where}: the token would go to {parts.hostname} in the clear", "use https:// in uri"
        )


SOURCE_TYPE = SourceType(
    name="vllm",
    dataset=VLLM,
    # A day of the server, or a saved file, stands until it comes again.
    delivery="append",
    columns=lambda source, available: {
        column: label
        for column, label in {**{name: name for name in _OWN}, **source.mapping}.items()
        if column not in source.constants
    },
    required=lambda source: (),
    check=_check,
    reader=_rows,
    offers=_offers,
    reads_api=True,
)
