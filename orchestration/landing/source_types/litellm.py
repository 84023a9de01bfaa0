"""LiteLLM's spend log: CSV, JSON lines, Parquet, or its Postgres database."""

import json
from typing import Any

from orchestration.landing.datasets import LITELLM
from orchestration.landing.sources import Columns, Derived, SourceType
from orchestration.settings import SourceSettings

# The only keys of `metadata` that are read: the rest may hold what users wrote. Emitters differ in
# where they put cached tokens, so the first key that is present wins.
METADATA_KEYS = {
    "metadata_cache_read_tokens": (
        ("usage_object", "prompt_tokens_details", "cached_tokens"),
        ("usage_object", "cache_read_input_tokens"),
        ("additional_usage_values", "cache_read_input_tokens"),
    ),
    "metadata_cache_write_tokens": (
        ("usage_object", "cache_creation_input_tokens"),
        ("usage_object", "prompt_tokens_details", "cache_creation_tokens"),
        ("additional_usage_values", "cache_creation_input_tokens"),
    ),
    "metadata_reasoning_tokens": (
        ("usage_object", "completion_tokens_details", "reasoning_tokens"),
    ),
}


def _shape() -> str:
    """The allow-listed keys as a JSON shape: one pass over a document reads all of them."""
    shape: dict[str, Any] = {}
    for paths in METADATA_KEYS.values():
        for *parents, leaf in paths:
            place = shape
            for parent in parents:
                place = place.setdefault(parent, {})
            place[leaf] = "VARCHAR"
    return json.dumps(shape)


# try(): a broken document means that the split is unknown, not that the call is.
_PARSED = f"try(from_json({{raw}}, '{_shape()}'))"


def _derived(paths: tuple[tuple[str, ...], ...]) -> Derived:
    values = []
    for path in paths:
        value = "{parsed}"
        for key in path:
            value = f"struct_extract({value}, '{key}')"
        values.append(value)
    return Derived("metadata", _PARSED, f"coalesce({', '.join(values)})")


_DERIVED = {column: _derived(paths) for column, paths in METADATA_KEYS.items()}


def _columns(source: SourceSettings, available: list[str]) -> Columns:
    plain = {column: column for column in LITELLM.columns if column in available}
    return {**plain, **(_DERIVED if "metadata" in available else {})}


def _required(source: SourceSettings) -> tuple[str, ...]:
    return ("request_id", "startTime", "prompt_tokens", "completion_tokens", "model")


SOURCE_TYPE = SourceType(
    name="litellm",
    dataset=LITELLM,
    delivery="append",
    columns=_columns,
    required=_required,
    reads_database=True,
)
